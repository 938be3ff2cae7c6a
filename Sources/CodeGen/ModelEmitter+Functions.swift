import IR
import Planning

extension ModelEmitter {

  /// What the functions return, for callers by C; the runner knows the same numbers.
  private static let statuses = [
    "The functions for C return 0, or else a reason for which they have done nothing:", "",
    "1: a pointer, or one in a table of pointers, is null; a table without elements may be",
    "2: the count of steps is negative, or larger than the model has; 1 where nothing is counted",
    "3: an index, of an input or of a state, is negative or too large",
    "4: the number of a worker is not from 0 up to, but not including, that of all", "",
    "All workers of a call get the same arguments but for their numbers, and return the same.",
  ]

  /// Appends the C functions, whose names start with `prefix`, and what they share.
  func emitSymbols(prefix: String, into writer: inout SourceWriter) {
    for line in Self.statuses { writer.line(line.isEmpty ? "//" : "// \(line)") }
    writer.line("")
    writer.line("/// Makes the block of weights from the parameters, for callers by C.")
    writer.line("@c(\(prefix)_bind)")
    writer.function(
      "public func \(prefix)_bind",
      [
        "_ parameters: UnsafePointer<UnsafeRawPointer?>?", "_ weights: UnsafeMutableRawPointer?",
        "_ workspace: UnsafeMutableRawPointer?",
      ], " -> Int32"
    ) { writer in
      emitUnwrapped(tables: bindTables, [], &writer)
      let worker = plan.bind.isParallel ? ["Worker()"] : []
      let tables = bindTables.map(\.name)
      writer.list("bindEntry(", worker + ["weights", "workspace"] + tables, ")")
      writer.line("return 0")
    }
    for i in plan.entries.indices { emitSymbol(i, prefix, &writer) }
    emitPointers(&writer)
    emitWorker(&writer)
  }

  /// Appends the type of tables of pointers.
  private func emitPointers(_ writer: inout SourceWriter) {
    if updateTables.isEmpty, !hasStateTable { return }
    writer.line("")
    for line in Self.pointers.split(separator: "\n", omittingEmptySubsequences: false) {
      writer.line(String(line))
    }
  }

  private static let pointers = """
    /// A table of pointers to parameters, slots or states.
    fileprivate typealias Pointers = UnsafePointer<UnsafeMutablePointer<Float>>

    /// Returns the table at `start`, unless that or one of its `count` pointers is null.
    fileprivate func table(_ start: UnsafeRawPointer?, _ count: Int) -> Pointers? {
      guard let pointers = start?.assumingMemoryBound(to: UnsafeRawPointer?.self) else { return nil }
      for i in 0..<count where pointers[i] == nil { return nil }
      return UnsafeRawPointer(pointers).assumingMemoryBound(to: UnsafeMutablePointer<Float>.self)
    }
    """

  /// The tables of C that an update of the parameters gets whole.
  private var updateTables: [(name: String, count: Int)] {
    [("parameters", parameters.count), ("slots", slots.count)].filter { $0.count > 0 }
  }

  /// Those that `bind` gets.
  private var bindTables: [(name: String, count: Int)] {
    updateTables.filter { $0.name == "parameters" }
  }

  /// Appends constants for the block of weights, the workspace, whole tables of C and the pointers
  /// in others, with the types of their elements, or a return where one is null.
  private func emitUnwrapped(
    tables: [(name: String, count: Int)],
    _ pointers: [(table: String, name: String, element: String)], _ writer: inout SourceWriter
  ) {
    var conditions = ["let weights", "let workspace"]
    conditions += tables.map { "let \($0.name) = table(\($0.name), \($0.count))" }
    var position = 0
    for (i, p) in pointers.enumerated() {
      if i == 0 || pointers[i - 1].table != p.table {
        conditions.append("let \(p.table)")
        position = 0
      }
      conditions.append(
        "let \(p.name) = \(p.table)[\(position)]?.assumingMemoryBound(to: \(p.element).self)")
      position += 1
    }
    writer.list("guard ", conditions, " else { return 1 }")
  }

  /// `true` iff all states have numbers, so that they are checked as one table.
  private var hasStateTable: Bool { !states.isEmpty && states.allSatisfy { $0.element == "Float" } }

  private func emitSymbol(_ index: Int, _ prefix: String, _ writer: inout SourceWriter) {
    let planned = plan.entries[index]
    writer.line("")
    writer.line("/// The entry \(planned.name), for callers by C.")
    let symbol = "\(prefix)_\(SwiftNames.stem(planned.name))"
    let updated =
      module.entries[index].updatesParameters
      ? [
        "_ parameters: UnsafePointer<UnsafeMutableRawPointer?>?",
        "_ slots: UnsafePointer<UnsafeMutableRawPointer?>?",
        "_ weights: UnsafeMutableRawPointer?",
      ] : ["_ weights: UnsafeRawPointer?"]
    writer.line("@c(\(symbol))")
    writer.function(
      "public func \(symbol)",
      updated + [
        "_ workspace: UnsafeMutableRawPointer?",
        "_ states: UnsafePointer<UnsafeMutableRawPointer?>?",
        "_ inputs: UnsafePointer<UnsafeRawPointer?>?",
        "_ outputs: UnsafePointer<UnsafeMutableRawPointer?>?", "_ steps: Int",
      ] + (planned.isParallel ? Self.teamParameters : []), " -> Int32"
    ) { emitSymbolBody(index, &$0) }
  }

  private func emitSymbolBody(_ index: Int, _ writer: inout SourceWriter) {
    let planned = plan.entries[index]
    let isUpdate = module.entries[index].updatesParameters
    let whole = isUpdate ? updateTables : []
    let stateTable = hasStateTable ? [(name: "states", count: states.count)] : []
    var pointers: [(table: String, name: String, element: String)] = []
    var indices: [(name: String, limit: Int, count: String)] = []
    func add(_ table: String, _ letter: String, _ fields: [Field]) {
      for (i, field) in fields.enumerated() {
        pointers.append((table, "\(letter)\(i)", field.element))
        guard let limit = field.limit, table != "outputs" else { continue }
        indices.append(("\(letter)\(i)", limit, count(of: field, in: planned)))
      }
    }
    if !hasStateTable { add("states", "s", states) }
    add("inputs", "x", interfaces[index].inputs)
    add("outputs", "y", interfaces[index].outputs)
    emitUnwrapped(tables: whole + stateTable, pointers, &writer)
    if planned.isParallel { writer.line("if workers > 1, barrier == nil { return 1 }") }
    let steps = self.steps(of: planned)
    writer.line(
      planned.countedDimension == nil
        ? "if steps != 1 { return 2 }" : "if steps < 0 || steps > \(steps) { return 2 }")
    for (name, limit, count) in indices {
      writer.line("if greatest(\(name), \(count)) >= \(limit) { return 3 }")
    }
    if planned.isParallel {
      writer.line("if worker < 0 || worker >= workers { return 4 }")
      writer.line("let own = Worker(index: worker, count: workers, team: team, barrier: barrier)")
      // Nobody writes a state that another has yet to check.
      if states.contains(where: { $0.limit != nil }) { writer.line("own.meet()") }
    }
    let stateNames = hasStateTable ? states.indices.map { "states[\($0)]" } : []
    let arguments =
      ["weights", "workspace"] + whole.map(\.name) + stateNames + pointers.map(\.name)
    emitCall(
      planned, arguments + ["steps"], worker: "own",
      rebinding: isUpdate ? bindTables.map(\.name) : nil, &writer)
    writer.line("return 0")
  }

  /// The parameters of a C function that several threads call together.
  private static let teamParameters = [
    "_ worker: Int", "_ workers: Int", "_ team: UnsafeMutableRawPointer?",
    "_ barrier: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?",
  ]

  /// Appends the type of the threads that do an entry together, if one is done so.
  private func emitWorker(_ writer: inout SourceWriter) {
    guard plan.entries.contains(where: \.isParallel) else { return }
    writer.line("")
    writer.line("/// One of the threads that do an entry together; all call it at the same time.")
    writer.block("fileprivate struct Worker {") { writer in
      writer.line("")
      writer.line("var index = 0")
      writer.line("var count = 1")
      writer.line("var team: UnsafeMutableRawPointer? = nil")
      writer.line("var barrier: (@convention(c) (UnsafeMutableRawPointer?) -> Void)? = nil")
      writer.line("")
      writer.line("/// `true` iff the worker does what is not divided.")
      writer.line("var isFirst: Bool { index == 0 }")
      writer.line("")
      // Entries call both for each kernel: inlined, they are most of what there is to compile.
      writer.line("/// Returns which of `grains` grains of `size` elements the worker does.")
      writer.line("@inline(never)")
      writer.block("func share(_ grains: Int, by size: Int = 1) -> Range<Int> {") {
        $0.line("if count == 1 { return 0..<grains &* size }")
        $0.line("return index &* grains / count &* size..<(index &+ 1) &* grains / count &* size")
      }
      writer.line("")
      writer.line("/// Waits until all workers have come here.")
      writer.line("@inline(never)")
      writer.line("func meet() { if count > 1, let barrier { barrier(team) } }")
      writer.line("")
    }
  }

}
