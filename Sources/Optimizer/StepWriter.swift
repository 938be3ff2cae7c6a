import Diagnostics
import IR

/// A reason why an entry cannot be computed step by step.
struct StepRefusal: Error {

  /// The reason, without a final period.
  let reason: String

  let span: SourceSpan

}

/// The making of an entry that does one step out of one that does all.
///
/// What has an axis of a scanned dimension loses it; types say which values these are. First all
/// lines are checked, then they are written.
struct StepWriter {

  let entry: Entry
  let module: Module

  /// The dimensions of which one step is done.
  private let scanned: Set<ID<Dimension>>

  var graph: Graph { entry.graph }

  /// Creates the writer of the step of `entry`; `nil` if it scans no dimension.
  init?(_ entry: Entry, of module: Module) throws(StepRefusal) {
    self.entry = entry
    self.module = module
    var scanned = Set<ID<Dimension>>()
    for id in entry.graph.body.nodes {
      guard case .scan(let scan) = entry.graph[id].op else { continue }
      if let d = scan.count.dimension { scanned.insert(d) }
    }
    if scanned.isEmpty { return nil }
    self.scanned = scanned
  }

  /// Returns the entry that does one step.
  func step() throws(StepRefusal) -> Entry {
    try check()
    var result = entry
    result.name = "step"
    result.comments = Comments()
    for i in result.inputs.indices { result.inputs[i].type = dropped(result.inputs[i].type) }
    result.rewrite(starting: { replaceInputs(&$0) }) { rewriter, id in
      if case .scan(let scan) = graph[id].op {
        guard isStepped(scan) else { return false }
        write(scan, id, &rewriter)
      } else {
        write(id, &rewriter)
      }
      return true
    }
    return result
  }

  func isStepped(_ scan: Scan) -> Bool { scan.count.dimension != nil }

  private func names(_ extent: Extent) -> String {
    "'\(extent.description(in: module.dimensions))'"
  }

  func refusal(_ id: ID<Node>, _ what: String) -> StepRefusal {
    let node = graph[id]
    let name = node.results.first.map { "'\($0.name)' " } ?? ""
    return StepRefusal(reason: "\(name)\(what)", span: node.span)
  }

  /// Returns the axis of `type` that a step lacks, if there is one.
  ///
  /// - Throws: What is wrong with the type.
  private func axis(of type: TensorType) throws(StepMismatch) -> Int? {
    var result: Int?
    for (i, extent) in type.denseShape.enumerated() {
      if scanned.isDisjoint(with: extent.dimensions) { continue }
      let isAxis = extent.dimension != nil && i < type.shape.count && result == nil
      if !isAxis { throw StepMismatch("mixes the steps of \(names(extent))") }
      result = i
    }
    return result
  }

  /// Returns the axis that values of `type` lose in a step, after a check of all types.
  func checkedAxis(of type: TensorType) -> Int? {
    do throws(StepMismatch) {
      return try axis(of: type)
    } catch {
      preconditionFailure("types are checked before a step is written")
    }
  }

  private func dropped(_ type: TensorType) -> TensorType {
    var result = type
    if let axis = checkedAxis(of: type) { result.shape.remove(at: axis) }
    return result
  }

}

extension StepWriter {

  /// Throws unless one step can be done alone.
  func check() throws(StepRefusal) {
    for id in graph.nodes.ids { try checkTypes(of: id) }
    for id in graph.body.nodes {
      if case .scan(let scan) = graph[id].op {
        try check(scan, id)
      } else if case .mask(let steps) = graph[id].op, isStep(steps) {
        continue
      } else {
        do throws(StepMismatch) {
          _ = try operation(of: id)
        } catch {
          throw refusal(id, error.reason)
        }
      }
    }
    try checkStates()
    for input in entry.inputs {
      do throws(StepMismatch) {
        _ = try axis(of: input.type)
      } catch {
        throw StepRefusal(reason: "'\(input.name)' \(error.reason)", span: input.span)
      }
    }
  }

  private func isStep(_ extent: Extent) -> Bool {
    extent.dimension.map { scanned.contains($0) } ?? false
  }

  /// Throws if a result of node `id` has an axis of steps where it cannot.
  private func checkTypes(of id: ID<Node>) throws(StepRefusal) {
    let node = graph[id]
    var axes: [Int?] = []
    for result in node.results {
      do throws(StepMismatch) {
        axes.append(try axis(of: result.type))
      } catch {
        throw refusal(id, error.reason)
      }
    }
    switch node.op {
    case .source(.parameter(let p)) where axes != [nil]:
      throw StepRefusal(
        reason: "'\(module.parameters[p].name)' has one place for each step",
        span: module.parameters[p].span)
    case .source(.constant(let c)) where axes != [nil]:
      throw StepRefusal(
        reason: "'\(module.constants[c].name)' has one place for each step",
        span: module.constants[c].span)
    case .source(.state(let s)) where axes != [nil]:
      throw StepRefusal(
        reason: "'\(module.states[s].name)' has one place for each step",
        span: module.states[s].span)
    case .source(.bound(let i)) where axes != [nil]:
      throw StepRefusal(
        reason: "'\(module.bind.results[i].name)' has one place for each step", span: .none)
    case .at(let axis, _):
      let base = graph.type(of: node.operands[0])
      if node.operands.count == 1, checkedAxis(of: base) == axis {
        let reader = graph.nodes.ids.first { graph[$0].operands.contains(Value(id)) }
        throw StepRefusal(
          reason: "a place of \(names(base.shape[axis])) is read",
          span: reader.map { graph[$0].span } ?? module.nameSpan)
      }
    default: break
    }
  }

  private func check(_ scan: Scan, _ id: ID<Node>) throws(StepRefusal) {
    if isStepped(scan) {
      if scan.isReversed { throw refusal(scan, id, "is reversed") }
      if scan.factor > 1 { throw refusal(scan, id, "does several steps at once") }
      if let local = scan.carried.first(where: { $0.state == nil }) {
        throw refusal(scan, id, "starts its state '\(local.name)' again at each call")
      }
      try checkStep(of: scan, id)
      try checkResults(of: scan, id)
    }
    for block in scan.blocks { try check(block, in: scan, id) }
  }

  func refusal(_ scan: Scan, _ id: ID<Node>, _ what: String) -> StepRefusal {
    StepRefusal(
      reason: "the scan '\(scan.variable) in \(scan.count.description(in: module.dimensions))' "
        + what,
      span: graph[id].span)
  }

  /// Throws if the number of the step counts for more than places of sequences.
  private func checkStep(of scan: Scan, _ id: ID<Node>) throws(StepRefusal) {
    let step = scan.body.arguments[0]
    for node in graph.nodes where node.operands.contains(step) {
      guard case .at(let axis, let offset) = node.op else {
        throw refusal(scan, id, "computes with '\(scan.variable)'")
      }
      let base = node.operands[0]
      if offset != 0 || checkedAxis(of: graph.type(of: base)) != axis {
        throw refusal(scan, id, "reads a place other than that of its step")
      }
    }
    if graph.allBlocks.contains(where: { $0.results.contains(step) }) {
      throw refusal(scan, id, "computes with '\(scan.variable)'")
    }
  }

  /// Throws if a result of the body has another type than a step of the scan's.
  private func checkResults(of scan: Scan, _ id: ID<Node>) throws(StepRefusal) {
    for (i, value) in scan.body.results.enumerated() {
      var type = graph[id].results[i].type
      if i >= scan.carried.count {
        guard checkedAxis(of: type) == 0 else {
          throw refusal(scan, id, "stacks '\(graph[id].results[i].name)' along another dimension")
        }
        type.shape.removeFirst()
      }
      if graph.type(of: value) != type {
        throw refusal(scan, id, "gives '\(graph[id].results[i].name)' a value of another type")
      }
    }
  }

  /// Throws if a line of `block`, a body of `scan`, sees more than one step.
  private func check(_ block: Block, in scan: Scan, _ id: ID<Node>) throws(StepRefusal) {
    for inner in block.nodes {
      let node = graph[inner]
      for value in node.operands + node.results.indices.map({ Value(inner, $0) }) {
        if checkedAxis(of: graph.type(of: value)) != nil {
          throw refusal(inner, "sees more than one step")
        }
      }
      if case .mask(let steps) = node.op, isStep(steps) {
        throw refusal(inner, "sees more than one step")
      }
      guard case .scan(let nested) = node.op else { continue }
      if !scanned.isDisjoint(with: nested.count.dimensions) {
        throw refusal(nested, inner, "stands in another one over the same dimension")
      }
      try check(nested.body, in: nested, inner)
      if let remainder = nested.remainder { try check(remainder, in: nested, inner) }
    }
    for value in block.results where checkedAxis(of: graph.type(of: value)) != nil {
      throw refusal(scan, id, "sees more than one step")
    }
  }

}

extension StepWriter {

  private func replaceInputs(_ rewriter: inout GraphRewriter) {
    for id in graph.nodes.ids {
      guard case .source(.input(let i)) = graph[id].op else { continue }
      let input = rewriter.value(of: .input(i), type: dropped(entry.inputs[i].type))
      rewriter.replace(Value(id), by: input)
    }
  }

  /// Returns what a step has for `v`.
  private func mapped(_ v: Value, _ rewriter: inout GraphRewriter) -> Value {
    let node = graph[v.node]
    guard case .at(let axis, let offset) = node.op else { return rewriter.mapped(v) }
    let base = node.operands[0]
    guard let step = checkedAxis(of: graph.type(of: base)) else { return rewriter.mapped(v) }
    let x = mapped(base, &rewriter)
    if step == axis { return x }
    let place = node.operands.dropFirst().first.map { rewriter.mapped($0) }
    return rewriter.element(
      of: x, axis: axis > step ? axis - 1 : axis, step: place, offset: offset)
  }

  /// Writes node `id`, which is not a scan and stands outside of scans.
  private func write(_ id: ID<Node>, _ rewriter: inout GraphRewriter) {
    let node = graph[id]
    var operands = node.operands.map { mapped($0, &rewriter) }
    if case .mask(let steps) = node.op, isStep(steps) {
      operands.insert(rewriter.value(of: .number(0), type: .scalar), at: 0)
      rewriter.copy(id, as: .compare(.less), operands, in: module.dimensions)
      return
    }
    let operation: DroppedAxis
    do throws(StepMismatch) {
      operation = try self.operation(of: id)
    } catch {
      preconditionFailure("lines are checked before a step is written")
    }
    for (i, axis) in operation.superfluousAxes.enumerated() {
      guard let axis else { continue }
      var shape = rewriter.new.type(of: operands[i]).denseShape
      shape.remove(at: axis)
      operands[i] = rewriter.apply(
        .reshape(shape), [operands[i]], name: node.results[0].name, in: module.dimensions)
    }
    rewriter.copy(id, as: operation.op, operands, in: module.dimensions)
  }

  /// Returns what the operation of node `id` is in a step.
  private func operation(of id: ID<Node>) throws(StepMismatch) -> DroppedAxis {
    let node = graph[id]
    let types = node.operands.map { graph.type(of: $0) }
    var axes: [Int?] = []
    for type in types { axes.append(try axis(of: type)) }
    let result = node.results[0].type
    let resultAxis = try axis(of: result)
    let operation = try DroppedAxis(
      of: node.op, types, axes: axes, result: result, axis: resultAxis)
    // What a rule has overlooked shows in the type.
    var dropped = types.map { self.dropped($0) }
    for (i, axis) in operation.superfluousAxes.enumerated() {
      if let axis { dropped[i] = TensorType(.f32, dropped[i].denseShape).dropping(axis) }
    }
    let signature = try? operation.op.signature(of: dropped, in: module.dimensions)
    if signature?.results != [self.dropped(result)] { throw StepMismatch("mixes steps") }
    return operation
  }

  /// Writes the body of `scan` in its place.
  private func write(_ scan: Scan, _ id: ID<Node>, _ rewriter: inout GraphRewriter) {
    let node = graph[id]
    let initials = node.operands.dropFirst(scan.hasLengths ? 1 : 0)
    for (argument, initial) in zip(scan.body.arguments.dropFirst(), initials) {
      rewriter.replace(argument, by: mapped(initial, &rewriter))
    }
    for place in graph.nodes.ids where graph[place].operands.last == scan.body.arguments[0] {
      rewriter.replace(Value(place), by: mapped(Value(place), &rewriter))
    }
    for (i, inner) in scan.body.nodes.enumerated() {
      if i == 0, !graph[inner].isScan {
        var first = graph[inner]
        first.operands = first.operands.map { rewriter.mapped($0) }
        first.comments.leading = node.comments.leading + first.comments.leading
        rewriter.replace(Value(inner), by: rewriter.append(first))
      } else {
        rewriter.copy(inner) { _, _ in false }
      }
    }
    var results = scan.body.results.map { rewriter.mapped($0) }
    if scan.hasLengths {
      var mask = RowMask(rewriter.mapped(node.operands[0]))
      let step = rewriter.value(of: .number(0), type: .scalar)
      for i in results.indices {
        let old = i < scan.carried.count ? rewriter.mapped(scan.body.arguments[i + 1]) : nil
        results[i] = mask.masked(
          results[i], elsewhere: old, step: step, name: node.results[i].name, &rewriter,
          in: module.dimensions)
      }
    }
    for (i, result) in results.enumerated() { rewriter.replace(Value(id, i), by: result) }
  }

}

extension Node {

  fileprivate var isScan: Bool {
    if case .scan = op { return true }
    return false
  }

}

extension TensorType {

  fileprivate func dropping(_ axis: Int) -> TensorType {
    var result = self
    result.shape.remove(at: axis)
    return result
  }

}
