extension Module {

  /// Gives every value the name, and every node the place, that reading the printed text gives it.
  ///
  /// The pipeline settles a module after each pass, so that going on from the text that was printed
  /// then is the same as going on from the module.
  package mutating func settle() {
    // Copying puts the nodes into the order of the text and drops those that no line shows.
    rewriteGraphs { _, _ in false }
    for i in entries.indices { entries[i].separateLoss() }
    settleBindResults()
    var names = NameTable()
    for name in declaredNames { names.claim(name) }
    for entry in entries { for input in entry.inputs { names.claim(input.name) } }
    // Constants that a pass made come last and may have to give way; so has what `bind` computes.
    for i in constants.indices where constants[i].span.file == nil {
      constants[i].name = names.unique(constants[i].name)
    }
    bind.graph.settleNames(&names, results: [])
    for i in bind.results.indices {
      bind.results[i].name = bind.graph.name(of: bind.results[i].value)
    }
    var visible = NameTable()
    for name in declaredNames + constants.map(\.name) { visible.claim(name) }
    for id in bind.graph.body.nodes {
      for result in bind.graph[id].results { visible.claim(result.name) }
    }
    for i in entries.indices {
      var scope = visible
      entries[i].settle(&scope, states: states)
    }
    settleOrderOfResults()
  }

  /// Divides the groups of lines that a pass has copied, or between which it has written something.
  package mutating func settleGroups() {
    for i in entries.indices { entries[i].graph.settleGroups() }
  }

  /// The names of dimensions, parameters, states and slots, and of the constants that a text
  /// declares.
  private var declaredNames: [String] {
    dimensions.map(\.name) + parameters.map(\.name) + states.map(\.name) + slots.map(\.name)
      + constants.filter { $0.span.file != nil }.map(\.name)
  }

  /// Keeps those results of `bind` that an entry uses, in the order in which they are computed.
  private mutating func settleBindResults() {
    var used = Set<Value>()
    for entry in entries {
      for node in entry.graph.nodes {
        if case .source(.bound(let i)) = node.op { used.insert(bind.results[i].value) }
      }
    }
    let old = bind.results
    bind.results = used.sorted().map { value in
      Bind.Result(name: bind.graph.name(of: value), value: value)
    }
    if bind.results.elementsEqual(old, by: { $0.value == $1.value }) { return }
    for i in entries.indices {
      entries[i].rewriteBoundSources { position in
        guard let new = bind.results.firstIndex(where: { $0.value == old[position].value }) else {
          preconditionFailure("a used result of bind is kept")
        }
        return new
      }
    }
  }

}

extension Graph {

  /// The name of `value` in the text.
  package func name(of value: Value) -> String { nodes[value.node].results[value.result].name }

}

extension Entry {

  /// Replaces the position of each result of `bind` that the entry uses.
  fileprivate mutating func rewriteBoundSources(_ position: (Int) -> Int) {
    let old = graph
    var rewritten: [Value: Int] = [:]
    for id in old.nodes.ids {
      if case .source(.bound(let i)) = old[id].op { rewritten[Value(id)] = position(i) }
    }
    if rewritten.isEmpty { return }
    let (graph, roots) = old.rewritten(
      keeping: roots,
      starting: { rewriter in
        for (source, position) in rewritten.sorted(by: { $0.key < $1.key }) {
          rewriter.replace(
            source, by: rewriter.value(of: .bound(position), type: old.type(of: source)))
        }
      }
    ) { _, _ in false }
    replaceGraph(graph, roots: roots)
  }

  /// Settles the names of the entry's values; `names` holds those of the module.
  ///
  /// Inputs keep their names: callers use them.
  fileprivate mutating func settle(_ names: inout NameTable, states: [State]) {
    for input in inputs { names.claim(input.name) }
    graph.settleGroups()
    let results = updates.compactMap { update in
      update.state.map { (name: states[$0].name, value: update.value) }
    }
    let others = updates.filter { $0.state == nil }.map(\.value)
    let read = others + outputs.map(\.value) + (training.map { [$0.loss] } ?? [])
    let superseded = graph.superseded(results: results, outputs: read)
    graph.settleNames(&names, results: results, superseded: superseded)
  }

}

extension Graph {

  /// Numbers groups from zero in the order of the text; one whose members are no longer neighbours
  /// becomes several.
  fileprivate mutating func settleGroups() {
    var count = 0
    settleGroups(in: body, &count)
  }

  private mutating func settleGroups(in block: Block, _ count: inout Int) {
    var last: Int?
    for id in block.nodes {
      let group = self[id].group
      if group != nil {
        if group != last { count += 1 }
        self[id].group = count - 1
      }
      last = group
      guard case .scan(let scan) = self[id].op else { continue }
      for inner in [scan.body] + (scan.remainder.map { [$0] } ?? []) {
        settleGroups(in: inner, &count)
      }
    }
  }

  /// Makes names unique where they are visible; `results` are those that the whole block gives.
  fileprivate mutating func settleNames(
    _ names: inout NameTable, results: [(name: String, value: Value)],
    superseded: Set<Value> = []
  ) {
    settleNames(of: body, &names, results: results, superseded)
  }

  /// Makes the names of `block` unique.
  ///
  /// A node may have the name of a state, or of a stacked value, only if it is the one that the
  /// block gives under that name.
  private mutating func settleNames(
    of block: Block, _ names: inout NameTable, results: [(name: String, value: Value)],
    _ superseded: Set<Value>
  ) {
    let given = Dictionary(grouping: results, by: \.value)
    for id in block.nodes {
      if case .scan(var scan) = self[id].op {
        settleScan(&scan, id, &names, superseded)
        self[id].op = .scan(scan)
        continue
      }
      let name = self[id].results[0].name
      if given[Value(id)]?.contains(where: { $0.name == name }) == true {
        names.claim(name)
      } else {
        self[id].results[0].name = names.unique(name)
      }
    }
  }

  /// Returns the values that a scan leaves in a state and that are read after another line has
  /// assigned the state: its name means the later value there, so that they need another.
  fileprivate func superseded(
    results: [(name: String, value: Value)], outputs: [Value]
  ) -> Set<Value> {
    let successors = successors(results)
    if successors.isEmpty { return [] }
    var found = Set(outputs.filter { successors[$0] != nil })
    for id in nodes.ids {
      found.formUnion(self[id].operands.filter { successors[$0].map { $0 != id } ?? false })
      guard case .scan(let scan) = self[id].op else { continue }
      let given = scan.body.results + (scan.remainder?.results ?? [])
      found.formUnion(given.filter { successors[$0] != nil })
    }
    return found
  }

  /// Returns the node outside of scans that is the next to assign the state, for each value that a
  /// scan leaves in a state that is assigned once more; `results` are those of the whole block.
  private func successors(_ results: [(name: String, value: Value)]) -> [Value: ID<Node>] {
    let assigned = Dictionary(grouping: results, by: \.value.node)
    var result: [Value: ID<Node>] = [:]
    // The nodes that assign the states in the lines after the one that is visited.
    var next: [String: ID<Node>] = [:]
    for id in body.nodes.reversed() {
      if case .scan(let scan) = self[id].op {
        for (i, carried) in scan.carried.enumerated() where carried.state != nil {
          result[Value(id, i)] = next.updateValue(id, forKey: carried.name)
        }
      } else {
        for (name, _) in assigned[id] ?? [] { next[name] = id }
      }
    }
    return result
  }

  private mutating func settleScan(
    _ scan: inout Scan, _ id: ID<Node>, _ names: inout NameTable, _ superseded: Set<Value>
  ) {
    for i in scan.carried.indices where scan.carried[i].state == nil {
      scan.carried[i].name = names.unique(scan.carried[i].name)
    }
    for i in scan.stacked.indices { scan.stacked[i] = names.unique(scan.stacked[i]) }
    var node = self[id]
    for (i, name) in (scan.carried.map(\.name) + scan.stacked).enumerated() {
      let isSuperseded = superseded.contains(Value(id, i))
      node.results[i].name = isSuperseded ? names.unique(name) : name
    }
    self[id] = node
    var scope = names
    scan.variable = scope.unique(scan.variable)
    for block in [scan.body] + (scan.remainder.map { [$0] } ?? []) {
      self[block.arguments[0].node].results[0].name = scan.variable
      for (argument, carried) in zip(block.arguments.dropFirst(), scan.carried) {
        self[argument.node].results[0].name = carried.name
      }
      var inner = scope
      settleNames(of: block, &inner, results: scan.namedResults(of: block), superseded)
    }
  }

}

extension Scan {

  /// The results of `block`, a body of `self`, under the names by which the text assigns them.
  package func namedResults(of block: Block) -> [(name: String, value: Value)] {
    let elements = stacked.isEmpty ? 0 : (block.results.count - carried.count) / stacked.count
    let names = carried.map(\.name) + stacked.flatMap { Array(repeating: $0, count: elements) }
    return zip(names, block.results).map { (name: $0, value: $1) }
  }

}

/// The names that are visible at a place.
struct NameTable {

  private var taken: Set<String> = []

  /// The number from which to search for a free name, by its stem.
  private var next: [String: Int] = [:]

  /// Takes `name`.
  mutating func claim(_ name: String) {
    taken.insert(name)
  }

  /// The most characters of a name, and of one that is cut, which leaves room for a number.
  private static let limits = (whole: 255, cut: 240)

  /// Takes and returns `name` or, if that is taken, its stem with the first free number.
  ///
  /// A name that is too long for a text loses its end.
  mutating func unique(_ name: String) -> String {
    if name.count <= Self.limits.whole, taken.insert(name).inserted { return name }
    let stem = String(Self.stem(of: name).prefix(Self.limits.cut))
    var number = next[stem] ?? 1
    while !taken.insert("\(stem)_\(number)").inserted { number += 1 }
    next[stem] = number + 1
    return "\(stem)_\(number)"
  }

  /// Returns `name` without an underscore and digits at its end.
  private static func stem(of name: String) -> String {
    let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
    let head = name.dropLast(digits)
    return digits > 0 && head.count > 1 && head.last == "_" ? String(head.dropLast()) : name
  }

}
