import IR

extension Pass {

  /// Computes products outside of scans that need not be in them, where that costs less.
  ///
  /// Parts that depend on no state leave in front: they are multiplied for all steps at once, and
  /// the product in the step starts at the result.
  ///
  ///     scan t in n {                                    z_hoisted = linear(x, W_x, b) from z
  ///       z = linear([x[t], h], W, b)                    scan t in n {
  ///       h = tanh(z)                             =>       z = linear(h, W_h, start: z_hoisted[t])
  ///     }                                                  h = tanh(z)
  ///                                                      }
  ///
  /// Products that no state depends on leave behind, with what is made of them.
  ///
  ///     scan t in n {                                    scan t in n {
  ///       h = ...                                          h = ...
  ///       y[t] = linear(h, W, b)                  =>       h_all[t] = h
  ///     }                                                }
  ///                                                      y = linear(h_all, W, b)
  ///
  /// One product with many rows reads its weights once; but what goes in or out of the scan is
  /// written and read again. Only scans that do one step at a time, for all rows, are left; of
  /// nested ones only the innermost.
  package static let hoistProducts = Pass(
    "hoist", "compute products outside of scans where that costs less", readsDimensions: true
  ) { module, context in
    let dimensions = module.dimensions
    let declarations = module
    module.rewriteEntries { entry, binder in
      var hoisting = Hoisting(dimensions, names: SourceNames(declarations, entry))
      hoisting.hoist(in: &entry, &binder, &context)
      for line in hoisting.lines { context.record(line, in: entry.name) }
    }
  }

}

/// The names of the values that an entry is given.
private struct SourceNames {

  private let module: Module
  private let inputs: [String]

  init(_ module: Module, _ entry: Entry) {
    self.module = module
    self.inputs = entry.inputs.map(\.name)
  }

  /// Returns the name of `v` of `graph`; that of the sequence for a place of one.
  func text(of v: Value, in graph: Graph) -> String {
    switch graph.op(of: v) {
    case .at: text(of: graph[v.node].operands[0], in: graph)
    case .source(let source): text(of: source)
    default: graph.name(of: v)
    }
  }

  private func text(of source: Source) -> String {
    switch source {
    case .number(let x): numberText(x.value)
    case .parameter(let p): module.parameters[p].name
    case .constant(let c): module.constants[c].name
    case .input(let i): inputs[i]
    case .state(let s): module.states[s].name
    case .slot(let s): module.slots[s].name
    case .bound: "a bound value"
    }
  }

}

/// A way to compute a product, and what speaks for it.
private struct Decision {

  /// `true` iff the product, or some of its parts, shall leave the scan.
  let isMove: Bool

  /// The choice in one line.
  let line: String

}

/// The work of the pass on one entry.
private struct Hoisting {

  private let dimensions: [Dimension]
  private let names: SourceNames

  /// The choices to move something, in the order in which they were made.
  private var moves: [String] = []

  /// The latest choices to leave something as it is.
  private var stays: [String] = []

  init(_ dimensions: [Dimension], names: SourceNames) {
    self.dimensions = dimensions
    self.names = names
  }

  /// All choices, one line each.
  var lines: [String] { moves + stays }

  /// Moves what costs less outside of its scan.
  mutating func hoist(in entry: inout Entry, _ binder: inout Binder, _ context: inout PassContext) {
    // What leaves changes the prices of what stays. Each round but the last takes something out of
    // a body, so that this ends.
    var isChanging = true
    while isChanging {
      stays = []
      let hasMovedBehind = moveBehind(in: &entry, &context)
      let hasHoisted = moveInFront(in: &entry, &binder, &context)
      isChanging = hasMovedBehind || hasHoisted
    }
  }

  /// The scans that something may leave.
  private func places(in graph: Graph) -> [InnermostScan] {
    graph.allBlocks.flatMap(\.nodes).compactMap { InnermostScan($0, in: graph, dimensions) }
  }

  private mutating func moveBehind(in entry: inout Entry, _ context: inout PassContext) -> Bool {
    var plans: [ID<Node>: ProductsBehind] = [:]
    for place in places(in: entry.graph) {
      var plan = ProductsBehind(place)
      for id in place.linears where !plan.moved.contains(id) {
        guard let nodes = plan.companions(of: id) else { continue }
        let prices = plan.prices(of: nodes, on: context.machine)
        if carriesOut(decision(on: id, in: place, prices, context.schedule), &context) {
          plan.insert(nodes)
        }
      }
      if !plan.moved.isEmpty { plans[place.id] = plan }
    }
    if plans.isEmpty { return false }
    entry.rewrite { rewriter, id in
      guard let plan = plans[id] else { return false }
      plan.append(to: &rewriter)
      return true
    }
    return true
  }

  private mutating func moveInFront(
    in entry: inout Entry, _ binder: inout Binder, _ context: inout PassContext
  ) -> Bool {
    let bindable = BindableValues(of: entry.graph)
    var plans: [ID<Node>: ProductsInFront.Plan] = [:]
    for place in places(in: entry.graph) {
      var products = ProductsInFront(place)
      let behind = ProductsBehind(place)
      for id in place.linears where behind.companions(of: id) == nil {
        let parts = products.hoistableParts(of: id, bindable)
        if parts.isEmpty { continue }
        let prices = products.prices(of: parts, of: id, on: context.machine)
        if carriesOut(decision(on: parts, of: id, in: place, prices, context.schedule), &context) {
          products.hoist(parts, of: id)
        }
      }
      if !products.isEmpty, let plan = products.plan(&binder) { plans[place.id] = plan }
    }
    if plans.isEmpty { return false }
    entry.rewrite { rewriter, id in
      guard let plan = plans[id] else { return false }
      plan.append(to: &rewriter)
      return true
    }
    return true
  }

}

extension Hoisting {

  /// Returns `true` iff `decision` is to move something and may be carried out; notes it.
  private mutating func carriesOut(_ decision: Decision, _ context: inout PassContext) -> Bool {
    guard decision.isMove else {
      stays.append(decision.line)
      return false
    }
    guard context.permitsRewrite() else { return false }
    moves.append(decision.line)
    return true
  }

  /// Returns whether product `id` shall leave the scan behind it.
  private func decision(
    on id: ID<Node>, in place: InnermostScan, _ prices: ProductsBehind.Prices,
    _ schedule: PassContext.Schedule
  ) -> Decision {
    let name = title(of: id, in: place.graph)
    let rows = rowsText(place.rows(of: id))
    let (inside, behind) = cyclesTexts(prices.inside, prices.behind)
    let isForced = schedule == .hoist
    guard isForced || prices.behind < prices.inside else {
      let traffic = bytesText(prices.traffic)
      let reason =
        prices.isBoundByArithmetic
        ? "\(rows) a step are bound by arithmetic either way, moving adds \(traffic) of traffic"
        : "the weights are at hand, moving adds \(traffic) of traffic"
      return Decision(
        isMove: false,
        line: "\(name): kept in the steps (\(inside) a call) over moving it behind the scan "
          + "(\(behind)): \(reason)")
    }
    let reason =
      isForced
      ? "as the schedule asks"
      : prices.isBoundByArithmetic
        ? "all steps together fill the registers"
        : "\(rows) a step are bound by reading weights, which all steps together read once"
    return Decision(
      isMove: true,
      line: "\(name): moved behind the scan (\(behind) a call) over keeping it in the steps "
        + "(\(inside)): \(reason)")
  }

  /// Returns whether `parts` of product `id` shall leave the scan in front of it.
  private func decision(
    on parts: [Int], of id: ID<Node>, in place: InnermostScan, _ prices: ProductsInFront.Prices,
    _ schedule: PassContext.Schedule
  ) -> Decision {
    let graph = place.graph
    guard case .linear(let linear) = graph[id].op else {
      preconditionFailure("a product has parts")
    }
    let texts = graph[id].operands[linear.partOperands].map { names.text(of: $0, in: graph) }
    let leaving = parts.map { texts[$0] }.joined(separator: ", ")
    let concatenation =
      texts.count > 1 ? "the concatenation [\(texts.joined(separator: ", "))]" : nil
    let (inside, hoisted) = cyclesTexts(prices.concatenated, prices.hoisted)
    let isMove = schedule == .hoist || schedule == .auto && prices.hoisted < prices.concatenated
    let reason = reason(isMove: isMove, rowsText(place.rows(of: id)), prices, schedule)
    let line =
      isMove
      ? "hoisted \(leaving) (\(hoisted) a call) over keeping "
        + "\(concatenation ?? "it in the steps") (\(inside))"
      : "kept \(concatenation ?? "in the steps") (\(inside) a call) over hoisting \(leaving) "
        + "(\(hoisted))"
    return Decision(isMove: isMove, line: "\(title(of: id, in: graph)): \(line): \(reason)")
  }

  /// Returns why parts leave, or do not leave, a step with `rows`.
  private func reason(
    isMove: Bool, _ rows: String, _ prices: ProductsInFront.Prices,
    _ schedule: PassContext.Schedule
  ) -> String {
    if schedule != .auto { return "as the schedule asks" }
    switch (isMove, prices.isBoundByArithmetic) {
    case (true, true):
      return "all steps together fill the registers"
    case (true, false):
      return "\(rows) a step are bound by reading weights, hoisting leaves "
        + "\(bytesText(prices.weightBytes - prices.hoistedBytes)) of "
        + "\(bytesText(prices.weightBytes)) in a step"
    case (false, true):
      return "\(rows) a step are bound by arithmetic either way, "
        + "hoisting adds \(bytesText(prices.traffic)) of traffic"
    case (false, false):
      return "hoisting saves reading \(bytesText(prices.hoistedBytes)) of weights a step, "
        + "but adds \(bytesText(prices.traffic)) of traffic"
    }
  }

  /// Returns the words for product `id`: the values of the source that it was made from, where they
  /// are few.
  private func title(of id: ID<Node>, in graph: Graph) -> String {
    let origins = graph[id].origins
    return (1...4).contains(origins.count)
      ? origins.joined(separator: ", ") : graph.name(of: Value(id))
  }

  private func rowsText(_ rows: Double) -> String {
    rows == 1 ? "1 row" : "\(Int(rows)) rows"
  }

}
