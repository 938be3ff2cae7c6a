import IR
import Planning

/// The parts of a model's type that do something for each parameter, or for each slot.
///
/// Each is a few functions with a line for each parameter, and all else calls these: the compiler
/// takes long for long functions, and for types with many members.
extension ModelEmitter {

  /// The most lines of a function that does something for each parameter.
  private static let longestFunction = 16

  /// Appends the method of weights that moves each, and the initialiser by it if the model is
  /// trained.
  func emitEach(_ writer: inout SourceWriter) {
    let lines = parameters.enumerated().map { i, p in
      "move(\(i), \"\(p.shown)\", &\(p.identifier), \(p.count))"
    }
    let starts = Array(stride(from: 0, to: lines.count, by: Self.longestFunction))
    if isTrained {
      writer.line("fileprivate init(_ move: Move) { each(move) }")
      writer.line("")
    }
    writer.block("fileprivate mutating func each(_ move: Move) {") { writer in
      if starts.count == 1 { return lines.forEach { writer.line($0) } }
      for part in starts.indices { writer.line("each\(part + 1)(move)") }
    }
    writer.line("")
    if starts.count == 1 { return }
    for (part, start) in starts.enumerated() {
      writer.line("@inline(never)")
      writer.block("private mutating func each\(part + 1)(_ move: Move) {") { writer in
        for line in lines[start...].prefix(Self.longestFunction) { writer.line(line) }
      }
      writer.line("")
    }
  }

  /// `true` iff there is a slot for each parameter.
  var hasSlotForEach: Bool {
    slotMembers.contains { if case .each = $0 { true } else { false } }
  }

  /// Appends the type of what moves arrays, as far as the model needs it.
  func emitMoveType(into writer: inout SourceWriter) {
    if !isTrained && parameters.isEmpty { return }
    let table = "UnsafeMutablePointer<UnsafeMutablePointer<Float>>"
    let others =
      (isTrained ? "; from there without an owner" : "")
      + (hasSlotForEach ? ", of zeros without a place" : "")
    writer.line("/// A move of arrays to memory\(others).")
    writer.block("fileprivate struct Move {") { writer in
      writer.line("")
      writer.line("var places: \(table)\(hasSlotForEach ? "?" : "")")
      if hasSlotForEach { writer.line("var distance = 1") }
      writer.line("var owner: StaticString\(isTrained ? "?" : "")")
      writer.line("")
      writer.comment(
        "Moves the array with the number `i`, which messages call `name`, of `n` elements.",
        mark: "///")
      writer.line("@inline(never)")
      writer.function(
        "func callAsFunction",
        ["_ i: Int", "_ name: StaticString", "_ array: inout [Float]", "_ n: Int"]
      ) { writer in
        if hasSlotForEach {
          writer.line(
            "guard let places else { return array = [Float](repeating: 0, count: n) }")
          writer.line("let place = places[i &* distance]")
        }
        let place = hasSlotForEach ? "place" : "places[i]"
        if isTrained {
          let copy = "Array(UnsafeBufferPointer(start: \(place), count: n))"
          writer.braced("guard let owner else {", "return array = \(copy)")
        }
        let stop = "stop(\"\\(owner).\\(name)\", array.count, of: n)"
        writer.line("guard array.count == n else { \(stop) }")
        writer.line("\(place).update(from: array, count: n)")
      }
      writer.line("")
    }
  }

  /// Returns the Swift expression of the position in the table of the slot for the parameter
  /// `variable`.
  private func position(_ first: Int, _ distance: Int, _ variable: String) -> String {
    sum([("\(parameters.count + first)", 1), (variable, distance)])
  }

  /// Appends the type of the slots.
  func emitSlots(_ writer: inout SourceWriter) {
    writer.line("/// What the optimiser keeps from update to update.")
    writer.block("public struct Slots: Sendable, Equatable {") { writer in
      writer.line("")
      for member in slotMembers {
        switch member {
        case .single(let i):
          let s = slots[i]
          writer.line("/// `\(s.text)`, \(s.count) numbers.")
          let start = initialText(module.slots[i].initial, s)
          writer.list("public var \(s.identifier): [Float] = ", [start], "")
        case .each(_, let name, _, _):
          writer.line("/// As many numbers for each parameter as it has.")
          writer.line("public var \(name) = Weights(Move())")
        }
        writer.line("")
      }
      writer.line("/// Creates what training starts with.")
      writer.line("public init() {}")
      writer.line("")
    }
    writer.line("")
  }

  /// Appends the access to the parameters and slots that the model keeps.
  func emitAccess(_ writer: inout SourceWriter) {
    writer.line("/// The parameters as they are now.")
    let weights = parameters.isEmpty ? "Weights()" : "Weights(Move(places: memory.places))"
    writer.line("public var weights: Weights { \(weights) }")
    writer.line("")
    if slots.isEmpty { return }
    writer.line("/// What the optimiser keeps, as it is now.")
    writer.line("///")
    writer.line("/// - Precondition: every array has as many numbers as its shape says.")
    writer.block("public var slots: Slots {") { writer in
      writer.block("get {") { writer in
        writer.line("var slots = Slots()")
        for member in slotMembers { emitMoveCall(of: member, owner: nil, &writer) }
        writer.line("return slots")
      }
      writer.block("nonmutating set {") { writer in
        writer.line("var slots = newValue")
        for member in slotMembers { emitMoveCall(of: member, owner: "slots", &writer) }
      }
    }
    writer.line("")
  }

  /// Appends the call that moves `member` of a variable `slots` to memory, or from there without an
  /// owner.
  private func emitMoveCall(
    of member: SlotMember, owner: String?, _ writer: inout SourceWriter
  ) {
    func move(_ first: Int, _ distance: Int, _ owner: String?) -> String {
      var arguments = ["places: memory.places + \(parameters.count + first)"]
      if distance != 1 { arguments.append("distance: \(distance)") }
      if let owner { arguments.append("owner: \"\(owner)\"") }
      return "Move(\(arguments.joined(separator: ", ")))"
    }
    switch member {
    case .single(let i):
      let s = slots[i]
      writer.list(
        "\(move(i, 1, owner))(", ["0", "\"\(s.shown)\"", "&slots.\(s.identifier)", "\(s.count)"],
        ")")
    case .each(_, let name, let first, let distance):
      let owner = owner.map { "\($0).\(SwiftNames.plain(name))" }
      writer.line("slots.\(name).each(\(move(first, distance, owner)))")
    }
  }

  /// Appends the type of the block of weights and the workspace and, if the model is trained, of
  /// its parameters and slots; and the type of the parameters otherwise.
  func emitMemory(_ writer: inout SourceWriter) {
    let workspace = ([plan.bind] + plan.entries).map(\.workspaceBytes).max() ?? 0
    let blocks = [("weights", plan.weightBytes + 64), ("workspace", workspace + 64)]
    writer.line("/// The block of weights and the workspace; a class, because it frees them.")
    emitMemory("Memory", blocks, hasParameters: isTrained, &writer)
    if isTrained || parameters.isEmpty { return }
    writer.line("/// The numbers of parameters while they are bound.")
    emitMemory("Parameters", [], hasParameters: true, &writer)
  }

  /// Appends a type, called `name`, of `blocks` with as many bytes each and, if `hasParameters`, of
  /// the numbers of parameters and slots and a table of pointers to them.
  private func emitMemory(
    _ name: String, _ blocks: [(name: String, bytes: Int)], hasParameters: Bool,
    _ writer: inout SourceWriter
  ) {
    let (places, total) = placement
    let count = parameters.count + (isTrained ? slots.count : 0)
    writer.block("private final class \(name) {") { writer in
      writer.line("")
      for (name, bytes) in blocks {
        writer.line(
          "let \(name) = UnsafeMutableRawPointer.allocate(byteCount: \(bytes), alignment: 64)")
      }
      if hasParameters {
        writer.line("let numbers = UnsafeMutablePointer<Float>.allocate(capacity: \(total))")
        writer.list(
          "let places = UnsafeMutablePointer<UnsafeMutablePointer<Float>>.allocate(",
          ["capacity: \(count)"], ")")
      }
      writer.line("")
      writer.block("init() {") {
        for (name, bytes) in blocks {
          $0.line("\(name).initializeMemory(as: UInt8.self, repeating: 0, count: \(bytes))")
        }
        if hasParameters {
          $0.line("numbers.initialize(repeating: 0, count: \(total))")
          $0.append(places)
        }
      }
      writer.line("")
      writer.block("deinit {") {
        for name in blocks.map(\.name) + (hasParameters ? ["numbers", "places"] : []) {
          $0.line("\(name).deallocate()")
        }
      }
      writer.line("")
    }
    writer.line("")
  }

  /// The statements that say where the numbers of each parameter, and of each slot, start in the
  /// memory that holds them, and how many numbers that has.
  private var placement: (statements: SourceWriter, count: Int) {
    var end = 0
    let next = { (count: Int) -> Int in
      defer { end += (count + 15) / 16 * 16 }
      return end
    }
    let starts = parameters.map { next($0.count) }
    let distance = end
    var each = parameters.isEmpty ? [] : ["places[i] = numbers + start"]
    var others: [String] = []
    for member in isTrained ? slotMembers : [] {
      switch member {
      case .single(let i):
        others.append("places[\(parameters.count + i)] = numbers + \(next(slots[i].count))")
      case .each(_, _, let first, let step):
        each.append("places[\(position(first, step, "i"))] = numbers + (\(end) &+ start)")
        end += distance
      }
    }
    var statements = SourceWriter(margin: 6)
    if !each.isEmpty {
      statements.list("let starts: [Int] = [", starts.map(String.init), "]")
      let head = "for (i, start) in starts.enumerated() {"
      if each.count == 1 {
        statements.braced(head, each[0])
      } else {
        statements.block(head) { writer in each.forEach { writer.line($0) } }
      }
    }
    for line in others { statements.line(line) }
    return (statements, end + 16)
  }

}
