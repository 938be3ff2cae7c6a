/// The writer of the lines of one graph.
///
/// Knows, at each line, which states have been assigned: there `h` is the new value of the state
/// and `old(h)` the one before.
struct BlockPrinter {

  private let graph: Graph
  private let module: Module
  private let inputs: [String]

  /// The texts of values that are not read by the name of their node.
  private var texts: [Value: String] = [:]

  /// For each place where a state can change: the values read as `h` before and `old(h)` after.
  private var olds: [Value: String] = [:]

  init(graph: Graph, module: Module, inputs: [String]) {
    self.graph = graph
    self.module = module
    self.inputs = inputs
  }

  /// Appends the lines outside of scans but for the last `rest`, where `results` are the new values
  /// of states.
  mutating func printEntry(
    _ results: [(name: String, value: Value)], without rest: Int = 0, into printer: inout Printer
  ) {
    for id in graph.nodes.ids {
      guard case .source(.state(let s)) = graph[id].op else { continue }
      olds[Value(id)] = module.states[s].name
    }
    var block = graph.body
    block.nodes.removeLast(rest)
    printNodes(of: block, results: results, into: &printer)
    for text in graph.body.closingComments { printer.comment(text) }
  }

  /// Appends the last `count` lines outside of scans.
  mutating func printLast(_ count: Int, into printer: inout Printer) {
    printNodes(of: Block(nodes: graph.body.nodes.suffix(count)), results: [], into: &printer)
  }

  /// Returns the text by which a line reads `v`.
  func text(of v: Value) -> String {
    if let known = texts[v] { return known }
    let node = graph[v.node]
    switch node.op {
    case .source(let source): return text(of: source)
    case .at(let axis, let offset):
      let step = node.operands.count > 1 ? text(of: node.operands[1]) : nil
      let place = step.map { Self.place($0, offset) } ?? "\(offset)"
      let colons = String(repeating: ":, ", count: axis)
      return "\(text(of: node.operands[0]))[\(colons)\(place)]"
    default: return node.results[v.result].name
    }
  }

  /// Returns the text of the place `offset` steps behind `step`.
  private static func place(_ step: String, _ offset: Int) -> String {
    if offset == 0 { return step }
    return offset < 0 ? "\(step) - \(-offset)" : "\(step) + \(offset)"
  }

  private func text(of source: Source) -> String {
    switch source {
    case .number(let x): numberText(x.value)
    case .parameter(let p): module.parameters[p].name
    case .constant(let c): module.constants[c].name
    case .input(let i): inputs[i]
    case .state(let s): module.states[s].name
    case .slot(let s): module.slots[s].name
    case .bound(let i): module.bind.results[i].name
    }
  }

  /// Appends the lines of `block`, which gives `results`.
  private mutating func printNodes(
    of block: Block, results: [(name: String, value: Value)], into printer: inout Printer
  ) {
    var pending = results
    var group: Int?
    for id in block.nodes {
      let node = graph[id]
      if let open = group, open != node.group { closeGroup(&group, &printer) }
      if group == nil, let own = node.group {
        printer.line("fused {")
        printer.indent()
        group = own
      }
      if case .scan(let scan) = node.op {
        printScan(scan, id, into: &printer)
        for (i, carried) in scan.carried.enumerated() {
          assign(carried.name, Value(id, i))
          let own = node.results[i].name
          if own != carried.name {
            printer.line("\(own) = \(carried.name)", subject: .node(id))
            texts[Value(id, i)] = own
          }
          pending.removeAll { $0.name == carried.name && $0.value == Value(id, i) }
        }
      } else {
        printNode(id, &pending, into: &printer)
      }
      printAliases(of: id, &pending, into: &printer)
    }
    closeGroup(&group, &printer)
    printRest(pending, in: block, into: &printer)
  }

  private func closeGroup(_ group: inout Int?, _ printer: inout Printer) {
    guard group != nil else { return }
    printer.outdent()
    printer.line("}")
    group = nil
  }

  /// Appends the line of a node other than a scan.
  private mutating func printNode(
    _ id: ID<Node>, _ pending: inout [(name: String, value: Value)], into printer: inout Printer
  ) {
    let node = graph[id]
    let own = pending.firstIndex {
      $0.value == Value(id) && Self.stem(of: $0.name) == node.results[0].name
    }
    let target = own.map { pending[$0].name } ?? node.results[0].name
    let origins = node.origins.isEmpty ? "" : " from \(node.origins.joined(separator: ", "))"
    printer.line(
      "\(target) = \(call(node))\(origins)", node.comments, subject: .node(id))
    if let own {
      assign(target, Value(id))
      pending.remove(at: own)
    }
  }

  /// Appends the lines that give a result of node `id` further names.
  private mutating func printAliases(
    of id: ID<Node>, _ pending: inout [(name: String, value: Value)], into printer: inout Printer
  ) {
    for result in pending where result.value.node == id {
      printer.line("\(result.name) = \(text(of: result.value))", subject: .node(id))
      if result.name.contains("[") { continue }
      assign(result.name, result.value)
    }
    pending.removeAll { $0.value.node == id }
  }

  /// Appends the lines for results that no node of `block` computes.
  private mutating func printRest(
    _ pending: [(name: String, value: Value)], in block: Block, into printer: inout Printer
  ) {
    for result in pending {
      let subject = block.nodes.last.map { PrintedLine.Subject.node($0) } ?? .other
      printer.line("\(result.name) = \(text(of: result.value))", subject: subject)
      if !result.name.contains("[") { assign(result.name, result.value) }
    }
  }

  /// Records that `name`, a state or an element such as `y[t]`, now means `value`.
  private mutating func assign(_ name: String, _ value: Value) {
    texts[value] = texts[value] ?? name
    for (old, state) in olds where state == name { texts[old] = "old(\(name))" }
  }

  /// Returns the name in front of a subscript.
  private static func stem(of name: String) -> Substring {
    name.prefix { $0 != "[" }
  }

  private mutating func printScan(_ scan: Scan, _ id: ID<Node>, into printer: inout Printer) {
    let node = graph[id]
    var head = "scan \(scan.variable) in \(scan.count.description(in: module.dimensions))"
    if scan.factor > 1 { head += " by \(scan.factor)" }
    if scan.isReversed { head += " reverse" }
    if scan.hasLengths { head += " lengths \(text(of: node.operands[0]))" }
    let origins = node.origins.isEmpty ? "" : " from \(node.origins.joined(separator: ", "))"
    printer.line("\(head)\(origins) {", node.comments, subject: .node(id))
    printBody(scan.body, of: scan, id, into: &printer)
    if let remainder = scan.remainder {
      printer.line("} remainder {")
      printBody(remainder, of: scan, id, into: &printer)
    }
    printer.line("}")
  }

  private mutating func printBody(
    _ block: Block, of scan: Scan, _ id: ID<Node>, into printer: inout Printer
  ) {
    let (savedTexts, savedOlds) = (texts, olds)
    printer.indent()
    let initials = graph[id].operands.dropFirst(scan.hasLengths ? 1 : 0)
    for (i, (carried, initial)) in zip(scan.carried, initials).enumerated() {
      // The remainder goes on with the states that the first body declares.
      if carried.state == nil, block.arguments == scan.body.arguments {
        let type = printer.text(graph.type(of: block.arguments[i + 1]))
        printer.line("state \(carried.name) : \(type) = \(initialText(initial))")
      }
      olds[block.arguments[i + 1]] = carried.name
    }
    var results = scan.namedResults(of: block)
    let elements = max(1, results.count - scan.carried.count) / max(1, scan.stacked.count)
    for i in results.indices.dropFirst(scan.carried.count) {
      let j = (i - scan.carried.count) % max(1, elements)
      let place = Self.place(scan.variable, scan.isReversed ? -j : j)
      results[i].name += "[\(place)]"
    }
    printNodes(of: block, results: results, into: &printer)
    for text in block.closingComments { printer.comment(text) }
    printer.outdent()
    (texts, olds) = (savedTexts, savedOlds)
  }

  /// Returns the text of the value that a local state starts with.
  private func initialText(_ v: Value) -> String {
    guard case .source(.number(let x)) = graph.op(of: v) else { return text(of: v) }
    return x == 0 ? "zeros" : x == 1 ? "ones" : "constant(\(numberText(x.value)))"
  }

}

extension BlockPrinter {

  /// Returns the call that computes `node`.
  private func call(_ node: Node) -> String {
    let x = node.operands.map { text(of: $0) }
    let dimensions = module.dimensions
    switch node.op {
    case .source, .argument, .at, .scan:
      preconditionFailure("'\(node.op)' does not stand on a line of its own")
    case .linear(let linear): return call(linear, x)
    case .matmul(let left, let right):
      let flags = (left ? ", transpose_a: true" : "") + (right ? ", transpose_b: true" : "")
      return "matmul(\(x[0]), \(x[1])\(flags))"
    case .oneHot: return "one_hot(\(x[0]))"
    case .concat(let axis): return "concat(\(x.joined(separator: ", ")), axis: \(axis))"
    case .slice(let axis, let lower, let upper):
      let range = "\(lower.description(in: dimensions)) ..< \(upper.description(in: dimensions))"
      return "slice(\(x[0]), \(range), axis: \(axis))"
    case .transpose(let permutation):
      if permutation == permutation.indices.reversed() { return "transpose(\(x[0]))" }
      return "transpose(\(x[0]), axes: \(permutation))"
    case .reshape(let shape):
      let sizes = shape.map { $0.description(in: dimensions) }.joined(separator: ", ")
      return "reshape(\(x[0]), [\(sizes)])"
    case .stack(let axis): return "stack(\(x.joined(separator: ", ")), axis: \(axis))"
    case .unary(let f): return "\(f.rawValue)(\(x[0]))"
    case .binary(let f): return "\(f.rawValue)(\(x[0]), \(x[1]))"
    case .compare(let f): return "\(f.rawValue)(\(x[0]), \(x[1]))"
    case .select: return "where(\(x[0]), \(x[1]), \(x[2]))"
    case .softmax(let axis, let logarithmic):
      return "\(logarithmic ? "log_softmax" : "softmax")(\(x[0]), axis: \(axis))"
    case .reduce(let f, let axes, let keepingAxes):
      return call(f, axes, keepingAxes, x[0], graph.type(of: node.operands[0]).denseShape.count)
    case .argmax(let axis): return "argmax(\(x[0]), axis: \(axis))"
    case .gather: return "gather(\(x[0]), \(x[1]))"
    case .convert: return "f32(\(x[0]))"
    case .mask(let steps): return "mask(\(x[0]), \(steps.description(in: dimensions)))"
    case .detach: return "detach(\(x[0]))"
    case .broadcast(let shape):
      let sizes = shape.map { $0.description(in: dimensions) }.joined(separator: ", ")
      return "broadcast(\(x[0]), [\(sizes)])"
    case .crossEntropy(let hasMask):
      return "cross_entropy(\(x[0]), \(x[1])\(hasMask ? ", mask: \(x[2])" : ""))"
    case .crossEntropyGradient(let hasMask):
      return "cross_entropy_gradient(\(x[0]), \(x[1])\(hasMask ? ", mask: \(x[2])" : ""))"
    case .weightGradient: return "weight_gradient(\(x[0]), \(x[1]))"
    case .scatterAdd(let rows):
      return "scatter_add(\(x[0]), \(x[1]), \(rows.description(in: dimensions)))"
    case .convolution(let convolution): return call(convolution, x)
    case .pool(let pool): return call(pool, x)
    case .dropout(let dropout): return call(dropout, x)
    }
  }

  private func call(_ convolution: Convolution, _ x: [String]) -> String {
    var operands = x
    let name: String
    switch convolution.role {
    case .result: name = "conv2d"
    case .imageGradient(let height, let width):
      name = "conv2d_input_gradient"
      operands.append(text([height, width]))
    case .kernelGradient(let height, let width):
      name = "conv2d_weight_gradient"
      operands.append(text([height, width]))
    }
    if convolution.stride != 1 { operands.append("stride: \(convolution.stride)") }
    if convolution.padding != 0 { operands.append("padding: \(convolution.padding)") }
    return "\(name)(\(operands.joined(separator: ", ")))"
  }

  private func call(_ pool: Pool, _ x: [String]) -> String {
    let name =
      switch pool.role {
      case .largest: "max_pool2d"
      case .gradient: "max_pool2d_gradient"
      case .chosen: "max_pool2d_choice"
      }
    let operands = x + ["size: \(pool.size)", "stride: \(pool.stride)"]
    return "\(name)(\(operands.joined(separator: ", ")))"
  }

  /// Returns the text of `extents` in brackets.
  private func text(_ extents: [Extent]) -> String {
    "[\(extents.map { $0.description(in: module.dimensions) }.joined(separator: ", "))]"
  }

  private func call(_ dropout: Dropout, _ x: [String]) -> String {
    let text = "dropout(\(x[0]), rate: \(numberText(dropout.rate))"
    guard let site = dropout.site else { return text + ")" }
    let step = Self.place(x[3], dropout.offset)
    return text + ", site: \(site), seed: \(x[1]), update: \(x[2]), step: \(step))"
  }

  private func call(
    _ f: Reduction, _ axes: [Int], _ keepingAxes: Bool, _ x: String, _ rank: Int
  ) -> String {
    var text = "\(f.rawValue)(\(x)"
    if axes.count == 1 {
      text += ", axis: \(axes[0])"
    } else if axes != Array(0..<rank) || f == .max && rank > 0 {
      text += ", axis: \(axes)"
    }
    return text + (keepingAxes ? ", keepdims: true)" : ")")
  }

  private func call(_ linear: Linear, _ x: [String]) -> String {
    let dimensions = module.dimensions
    var parts: [String] = []
    var isPlain = linear.parts.count == 1 && !linear.hasWeightPerPart
    for (part, text) in zip(linear.parts, x) {
      var part = (part.isGathered ? "gather \(text)" : text, part)
      if let columns = part.1.columns {
        part.0 += " to \(columns.lower.description(in: dimensions))"
        part.0 += " ..< \(columns.upper.description(in: dimensions))"
      }
      isPlain = isPlain && part.0 == text
      parts.append(part.0)
    }
    let weights = x[linear.weightOperands].joined(separator: ", ")
    var text = isPlain ? parts[0] : "[\(parts.joined(separator: ", "))]"
    text += linear.hasWeightPerPart ? ", [\(weights)]" : ", \(weights)"
    if let bias = linear.biasOperand { text += ", \(x[bias])" }
    if let start = linear.startOperand { text += ", start: \(x[start])" }
    return "linear(\(text))"
  }

}
