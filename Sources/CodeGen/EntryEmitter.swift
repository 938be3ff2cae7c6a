import Diagnostics
import IR
import Planning

/// The writer of the function of one entry, or of `bind`.
struct EntryEmitter {

  private let plan: EntryPlan
  private let weights: [WeightItem]

  /// The function.
  let function: String

  /// The texts of the graph's lines, by the node that they are about.
  private var lines: [ID<Node>: [String]] = [:]

  /// The lines of the entry's inputs, and of its outputs.
  private var firstLines: [String] = []
  private var lastLines: [String] = []

  private let isBind: Bool
  private let graph: Graph
  let loopingAll: Bool
  let location: ((SourceSpan) -> GeneratedFile.Location?)?

  /// The pointers that the function is given, and their names by what they point to.
  private var pointers: [PointerParameter] = []
  private var pointerNames: [Base: String] = [:]

  /// The tables of pointers that the function is given, and the definitions of their pointers.
  private var tables: [String] = []
  private var tablePointers: [(name: String, line: String)] = []

  /// The names of variables in the function.
  private var names: SwiftNames

  /// The name of the variable of loops over repeated calls.
  let round: String

  /// The names of the variables of a loop over steps.
  private struct LoopNames {

    let step: String

    /// The number of steps done, modulo two.
    let parity: String

    /// The two pointers of each state.
    let states: [(old: String, new: String)]

  }

  /// Those names, by loop.
  private var loopNames: [Int: LoopNames] = [:]

  /// The names of the pointers to the values of all steps.
  private var longNames: [ID<Buffer>: String] = [:]

  /// Creates the writer of entry `index`, whose variables get `names`.
  init(
    entry index: Int, of plan: Plan, module: Module, names: SwiftNames, loopingAll: Bool,
    location: ((SourceSpan) -> GeneratedFile.Location?)?
  ) {
    self.location = location
    self.loopingAll = loopingAll
    graph = module.entries[index].graph
    self.plan = plan.entries[index]
    weights = plan.weights
    isBind = false
    function = "\(SwiftNames.stem(plan.entries[index].name))Entry"
    self.names = names
    round = self.names.identifier("round")
    let entry = module.entries[index]
    if entry.updatesParameters {
      addParameters(of: module)
      add("slots", module.slots.enumerated().map { (.slot(ID($0)), $1.name) })
    }
    for (i, state) in module.states.enumerated() {
      add(Base.state(ID(i)), state.name, Scalar32(state.type.element), isWritten: true)
    }
    for (i, input) in entry.inputs.enumerated() {
      add(.input(i), input.name, Scalar32(input.type.element), isWritten: false)
    }
    for (i, output) in entry.outputs.enumerated() {
      let type = entry.graph.type(of: output.value).dense
      add(.output(i), output.name, Scalar32(type.element), isWritten: true)
    }
    collectLines(module.lines(ofEntry: index))
    nameLoops(self.plan.steps)
    for b in self.plan.buffers.ids where self.plan.buffers[b].isLong {
      longNames[b] = self.names.identifier("\(SwiftNames.stem(self.plan.buffers[b].name))_")
    }
  }

  /// Creates the writer of the section `bind`, whose variables get `names`.
  init(
    bindOf plan: Plan, module: Module, names: SwiftNames, loopingAll: Bool,
    location: ((SourceSpan) -> GeneratedFile.Location?)?
  ) {
    self.location = location
    self.loopingAll = loopingAll
    graph = module.bind.graph
    self.plan = plan.bind
    weights = plan.weights
    isBind = true
    function = "bindEntry"
    self.names = names
    round = self.names.identifier("round")
    addParameters(of: module)
    collectLines(module.bindLines)
  }

  private mutating func nameLoops(_ steps: [Step]) {
    for case .loop(let loop) in steps {
      let step = names.identifier(SwiftNames.stem(loop.variable))
      let states = loop.carried.map { carried in
        let stem = SwiftNames.stem(carried.name)
        return (old: names.identifier("\(stem)_old"), new: names.identifier("\(stem)_new"))
      }
      let parity = names.identifier("parity")
      loopNames[loop.id] = LoopNames(step: step, parity: parity, states: states)
      nameLoops(loop.body + loop.remainder)
    }
  }

  private mutating func add(_ base: Base, _ name: String, _ scalar: Scalar32, isWritten: Bool) {
    // The suffix tells variables that are pointers.
    let name = names.identifier("\(SwiftNames.stem(name))_")
    pointers.append(PointerParameter(name: name, scalar: scalar, isWritten: isWritten))
    pointerNames[base] = name
  }

  private mutating func addParameters(of module: Module) {
    add("parameters", module.parameters.enumerated().map { (.parameter(ID($0)), $1.name) })
  }

  /// Adds a table of pointers to `fields`, called `table`: an argument for each of them, in each
  /// call of a part, would be most of what there is to compile.
  private mutating func add(_ table: String, _ fields: [(base: Base, name: String)]) {
    if fields.isEmpty { return }
    tables.append(table)
    for (i, field) in fields.enumerated() {
      let name = names.identifier("\(SwiftNames.stem(field.name))_")
      tablePointers.append((name, "let \(name) = \(table)[\(i)]"))
      pointerNames[field.base] = name
    }
  }

  private mutating func collectLines(_ printed: [PrintedLine]) {
    for line in printed {
      switch line.subject {
      case .node(let id): lines[id, default: []].append(line.text)
      case .input: firstLines.append(line.text)
      case .output: lastLines.append(line.text)
      case .other: break
      }
    }
  }

  /// A parameter of the function.
  private struct Parameter {

    let name: String
    let declaration: String

  }

  /// The function's parameters.
  private var parameters: [Parameter] {
    let weights = isBind ? "UnsafeMutableRawPointer" : "UnsafeRawPointer"
    var result = plan.isParallel ? [Parameter(name: "worker", declaration: "_ worker: Worker")] : []
    result += [
      Parameter(name: "weights", declaration: "_ weights: \(weights)"),
      Parameter(name: "workspace", declaration: "_ workspace: UnsafeMutableRawPointer"),
    ]
    for table in tables {
      result.append(Parameter(name: table, declaration: "_ \(table): Pointers"))
    }
    for p in pointers {
      result.append(Parameter(name: p.name, declaration: p.declaration))
    }
    if !isBind { result.append(Parameter(name: "steps", declaration: "_ steps: Int")) }
    return result
  }

  /// The most lines of a function, unless a loop has more.
  private static let longestFunction = 80

  /// Appends the function and has `emitter` emit its kernels.
  ///
  /// Where the function would be too long, it calls others that do a part of the work each.
  func emit(into writer: inout SourceWriter, _ emitter: inout Emitter) {
    var pieces = [writer.inner]
    for line in firstLines { pieces[0].comment(line) }
    emit(plan.steps, in: nil, margin: writer.inner, into: &pieces, &emitter)
    var end = writer.inner
    emitComments(plan.closingNodes, &end)
    for line in lastLines { end.comment(line) }
    let context = BodyContext(
      parameters: parameters.map(\.name), pointers: tablePointers + longPointers + finalStates)
    let parts = BodyPart.parts(
      of: pieces + [end], in: context, limit: Self.longestFunction)
    let parameters = self.parameters
    writer.comment(
      isBind ? "Makes the block of weights from the parameters." : "The entry \(plan.name).",
      mark: "///")
    if parts.count == 1 {
      emit(parts[0], as: function, parameters, in: context, into: &writer)
      return
    }
    let stem = isBind ? "bind" : SwiftNames.stem(plan.name)
    let used = parts.map { part in part.parameters(in: context).map { parameters[$0] } }
    writer.function("fileprivate func \(function)", parameters.map(\.declaration)) { writer in
      for (i, used) in used.enumerated() {
        writer.list("\(stem)Part\(i + 1)(", used.map(\.name), ")")
      }
    }
    for (i, part) in parts.enumerated() {
      writer.gap()
      writer.comment("Part \(i + 1) of \(isBind ? "the section bind" : "the entry \(plan.name)").")
      emit(part, as: "\(stem)Part\(i + 1)", used[i], in: context, into: &writer)
    }
  }

  /// The definitions of the pointers to the values of all steps, in the order of their buffers.
  private var longPointers: [(name: String, line: String)] {
    plan.buffers.ids.compactMap { b in
      longNames[b].map { name in
        (name, "let \(name) = \(pointer("numbers", [("\(plan.buffers[b].offset)", 1)]))")
      }
    }
  }

  /// The definitions of the pointers to final states, for parts that do not run the loop.
  private var finalStates: [(name: String, line: String)] {
    plan.steps.flatMap { step -> [(name: String, line: String)] in
      guard case .loop(let loop) = step else { return [] }
      return loop.carried.enumerated().map { i, carried in
        let name = carriedName(loop.id, i, isNew: false)
        let places = carried.buffers.map { expression(Place(.buffer($0)), carried.scalar) }
        return (name, "let \(name) = \(loop.final(swapped: places[1], kept: places[0]))")
      }
    }
  }

  private func emit(
    _ part: BodyPart, as name: String, _ parameters: [Parameter], in context: BodyContext,
    into writer: inout SourceWriter
  ) {
    // Two functions call an entry, and in the model's method, between the accesses to arrays, its
    // loops can take the compiler ten times as long as on their own.
    writer.line("@inline(never)")
    writer.function("fileprivate func \(name)", parameters.map(\.declaration)) { writer in
      for line in part.definitions(in: context) { writer.line(line) }
      writer.append(part.body)
    }
  }

  private func emitComments(_ nodes: [ID<Node>], _ writer: inout SourceWriter) {
    for id in nodes {
      for line in lines[id] ?? [] { writer.comment(line) }
    }
  }

  /// Returns the line of the text that the kernel of `nodes` is about: that of the first that
  /// computes something, which is the product where there is one.
  private func place(of nodes: [ID<Node>]) -> GeneratedFile.Location? {
    guard let location else { return nil }
    let members = nodes.filter { isComputed($0) }
    return (members + nodes.suffix(1)).lazy.compactMap { location(graph[$0].span) }.first
  }

  /// `true` iff node `id` is more than another way to look at its operand.
  private func isComputed(_ id: ID<Node>) -> Bool {
    switch graph[id].op {
    case .source, .argument, .at, .oneHot, .slice, .transpose, .reshape, .detach, .broadcast: false
    case .unary, .binary, .compare, .select, .convert, .linear, .matmul, .concat, .stack, .softmax,
      .reduce, .argmax, .gather, .mask, .crossEntropy, .crossEntropyGradient, .weightGradient,
      .scatterAdd, .convolution, .pool, .dropout, .scan:
      true
    }
  }

  /// Appends the texts of `steps` to `pieces`, each made by a copy of `margin`.
  ///
  /// If they are those of `loop`, its states are found by the parity of the step.
  private func emit(
    _ steps: [Step], in loop: Loop?, margin: SourceWriter, into pieces: inout [SourceWriter],
    _ emitter: inout Emitter
  ) {
    var calls: [PlainCall] = []
    for step in steps {
      switch step {
      case .kernel(let call): calls.append(plainCall(call, in: loop, &emitter))
      case .loop(let inner):
        emit(calls[...], in: loop, margin: margin, into: &pieces, &emitter)
        calls = []
        var piece = margin
        emit(inner, into: &piece, &emitter)
        pieces.append(piece)
      }
    }
    emit(calls[...], in: loop, margin: margin, into: &pieces, &emitter)
  }

  /// Appends a call of the function of `call`, where `pointer` returns the text of a pointer.
  func emit(
    _ call: KernelCall, _ emitted: EmittedCall, into writer: inout SourceWriter,
    _ emitter: inout Emitter, _ pointer: (Place, Scalar32) -> String
  ) {
    emitComments(call.nodes, &writer)
    for case .weight(let w) in call.kernel.access.writes.map(\.base) {
      writer.comment(weights[w].name)
    }
    if call.meets { writer.line("worker.meet()") }
    emitter.call(emitted.function)
    let place = place(of: call.nodes)
    if let place { writer.line(place.statement) }
    let arguments = arguments(call, emitted, pointer)
    if plan.isParallel, call.share == nil {
      writer.block("if worker.isFirst {") { $0.list("\(emitted.function)(", arguments, ")") }
    } else {
      writer.list("\(emitted.function)(", arguments, ")")
    }
    if place != nil { writer.line("\(GeneratedFile.Location.keyword)()") }
  }

  func arguments(
    _ call: KernelCall, _ emitted: EmittedCall, _ pointer: (Place, Scalar32) -> String
  ) -> [String] {
    let grains = { (count: Int, size: Int) -> String? in
      guard call.share != nil else { return nil }
      return size == 1 ? "worker.share(\(count))" : "worker.share(\(count), by: \(size))"
    }
    return (emitted.takesSteps ? ["steps"] : [])
      + emitted.texts(pointer, step: stepName, grains: grains)
  }

  private func names(of loop: Int) -> LoopNames {
    guard let names = loopNames[loop] else { preconditionFailure("loops have names") }
    return names
  }

  /// Returns the name of the pointer to a state of `loop`.
  private func carriedName(_ loop: Int, _ index: Int, isNew: Bool) -> String {
    let names = names(of: loop).states[index]
    return isNew ? names.new : names.old
  }

  /// Returns the name of the step of `loop`.
  func stepName(_ loop: Int) -> String { names(of: loop).step }

  /// Returns the name of the parity of the step of `loop`.
  func parityName(_ loop: Int) -> String { names(of: loop).parity }

  private func emit(_ loop: Loop, into writer: inout SourceWriter, _ emitter: inout Emitter) {
    emitComments(loop.nodes, &writer)
    let hasParity = hasRepeatedCalls(loop, emitter)
    if hasParity { writer.line("var \(parityName(loop.id)) = 0") }
    for (i, carried) in loop.carried.enumerated() where !hasParity {
      let places = carried.buffers.map { expression(Place(.buffer($0)), carried.scalar) }
      writer.line("var \(carriedName(loop.id, i, isNew: false)) = \(places[0])")
      writer.line("var \(carriedName(loop.id, i, isNew: true)) = \(places[1])")
    }
    if loop.meets { writer.line("worker.meet()") }
    emitComments([loop.node], &writer)
    let count = loop.count.expression
    if loop.factor == 1 {
      var body = writer.inner
      emitStep(loop, loop.body, loop.closingNodes, hasParity: hasParity, &body, &emitter)
      let name = stepName(loop.id)
      let plain = SwiftNames.plain(name)
      let isUsed = body.words.contains(plain)
      let range = loop.isReversed ? "(0..<\(count)).reversed()" : "0..<\(count)"
      writer.block("for \(isUsed ? name : "_") in \(range) {") { $0.append(body) }
      return
    }
    let variable = stepName(loop.id)
    let k = loop.factor
    writer.line("var \(variable) = \(loop.isReversed ? "\(count) &- 1" : "0")")
    let whole = loop.isReversed ? "\(variable) &+ 1 >= \(k)" : "\(variable) &+ \(k) <= \(count)"
    let next = loop.isReversed ? "&-=" : "&+="
    writer.block("while \(whole) {") {
      emitStep(loop, loop.body, loop.closingNodes, hasParity: hasParity, &$0, &emitter)
      $0.line("\(variable) \(next) \(k)")
    }
    let rest = loop.isReversed ? "\(variable) >= 0" : "\(variable) < \(count)"
    writer.block("while \(rest) {") {
      emitStep(
        loop, loop.remainder, loop.remainderClosingNodes, hasParity: hasParity, &$0, &emitter)
      $0.line("\(variable) \(next) 1")
    }
  }

  private func emitStep(
    _ loop: Loop, _ steps: [Step], _ closing: [ID<Node>], hasParity: Bool,
    _ writer: inout SourceWriter, _ emitter: inout Emitter
  ) {
    var pieces: [SourceWriter] = []
    emit(steps, in: hasParity ? loop : nil, margin: writer.same, into: &pieces, &emitter)
    for piece in pieces { writer.append(piece) }
    emitComments(closing, &writer)
    if hasParity {
      let parity = parityName(loop.id)
      return writer.line("\(parity) = 1 &- \(parity)")
    }
    for i in loop.carried.indices {
      let (old, new) = (
        carriedName(loop.id, i, isNew: false), carriedName(loop.id, i, isNew: true)
      )
      writer.line("swap(&\(old), &\(new))")
    }
  }

  /// Returns the name of the pointer to `base`, which is not in a block of memory.
  private func name(of base: Base) -> String {
    if case .carried(let loop, let index, let isNew) = base {
      return carriedName(loop, index, isNew: isNew)
    }
    guard let name = pointerNames[base] else {
      preconditionFailure("the function is given '\(base)'")
    }
    return name
  }

  /// Returns the Swift expression of the pointer to `place`.
  func expression(_ place: Place, _ scalar: Scalar32) -> String {
    var (name, offset) = origin(of: place, scalar)
    if scalar == .float, case .buffer(let b) = place.base, let longName = longNames[b] {
      (name, offset) = (longName, place.offset)
    }
    var terms = offset == 0 ? [] : [("\(offset)", 1)]
    for motion in place.motions { terms.append((stepName(motion.loop), motion.stride)) }
    return pointer(name, terms)
  }

  /// Returns the name of a pointer that the function is given, or has for its blocks of memory, and
  /// the distance of `place` from it in elements.
  func origin(of place: Place, _ scalar: Scalar32) -> (name: String, offset: Int) {
    switch place.base {
    case .buffer(let b):
      return (scalar == .float ? "numbers" : "integers", place.offset + plan.buffers[b].offset)
    case .weight(let w):
      return (scalar == .float ? "values" : "places", place.offset + weights[w].offset)
    case .carried, .input, .output, .state, .parameter, .slot:
      return (name(of: place.base), place.offset)
    }
  }

}

extension Loop {

  /// Returns the Swift expression of `swapped` if the buffers of a state have changed places behind
  /// the loop, else of `kept`; they do after each round.
  fileprivate func final(swapped: String, kept: String) -> String {
    if case .fixed(let n) = count {
      return (n / factor + n % factor) % 2 == 1 ? swapped : kept
    }
    let count = count.expression
    let rounds = factor == 1 ? count : "(\(count)) / \(factor) &+ (\(count)) % \(factor)"
    return "(\(rounds)) & 1 == 1 ? \(swapped) : \(kept)"
  }

}
