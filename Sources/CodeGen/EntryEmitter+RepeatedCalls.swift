import Planning

/// Loops over calls that repeat.
extension EntryEmitter {

  /// A pointer that a loop may move.
  private struct MovablePointer {

    /// The name of the pointer that it starts from, or of a table of such pointers.
    let name: String

    var isInTable = false

    /// The position in the table, if it is in one, and the distance from there.
    let numbers: [Int]

    /// What is added to the distance.
    var terms: [(variable: String, factor: Int)]

    /// The text but for the numbers.
    var shape: String { pointer(name, terms) }

    /// Returns the Swift expression where each number grows by `growth` times `variable`.
    func text(moved growth: some Collection<Int>, by variable: String) -> String {
      let sums = zip(numbers, growth).map { sum([("\($0)", 1), (variable, $1)]) }
      let start = isInTable ? "\(name)[\(sums[0])]" : name
      return pointer(start, [(sums[sums.count - 1], 1)] + terms)
    }

    /// The Swift expression where no loop moves it.
    var text: String { text(moved: numbers.map { _ in 0 }, by: "") }

  }

  /// Returns the pointer to `place`; the states of `loop` are found by the parity of the step.
  private func movable(_ place: Place, _ scalar: Scalar32, in loop: Loop?) -> MovablePointer {
    var terms = place.motions.map { (variable: stepName($0.loop), factor: $0.stride) }
    switch place.base {
    case .parameter(let p):
      return MovablePointer(
        name: "parameters", isInTable: true, numbers: [p.position, place.offset], terms: terms)
    case .slot(let s):
      return MovablePointer(
        name: "slots", isInTable: true, numbers: [s.position, place.offset], terms: terms)
    case .carried(let id, let index, let isNew) where id == loop?.id:
      let ends = (loop?.carried[index].buffers ?? []).map { origin(of: Place(.buffer($0)), scalar) }
      let (even, odd) = isNew ? (ends[1], ends[0]) : (ends[0], ends[1])
      terms.append((parityName(id), odd.offset - even.offset))
      return MovablePointer(
        name: even.name, numbers: [even.offset + place.offset], terms: terms)
    case .buffer, .weight, .carried, .input, .output, .state:
      let (name, offset) = origin(of: place, scalar)
      return MovablePointer(name: name, numbers: [offset], terms: terms)
    }
  }

  /// Returns the call of the function of `call`, which is one of those of `loop` or in none.
  func plainCall(_ call: KernelCall, in loop: Loop?, _ emitter: inout Emitter) -> PlainCall {
    let emitted = emitter.emit(call.kernel, call.share)
    var numbers: [Int] = []
    let texts = arguments(call, emitted) { place, scalar in
      let pointer = movable(place, scalar, in: loop)
      numbers += pointer.numbers
      return pointer.shape
    }
    let manner = "\(call.meets) \(call.share == nil) \(emitted.function)"
    return PlainCall(
      call: call, emitted: emitted, shape: "\(manner)(\(texts.joined(separator: ", ")))",
      numbers: numbers)
  }

  /// Returns how often calls, which are those of `loop` or in none, have to repeat.
  private func minimum(in loop: Loop?) -> RepeatedCalls.Minimum {
    loopingAll ? .any : loop == nil ? .ofEntry : .ofStep
  }

  /// `true` iff calls of `loop`, which has no loop in it, are to be in one; its states are then
  /// found by the parity of the step.
  func hasRepeatedCalls(_ loop: Loop, _ emitter: Emitter) -> Bool {
    let minimum = minimum(in: loop)
    if location != nil || loop.body.count <= minimum.saved { return false }
    var emitter = emitter
    var calls: [PlainCall] = []
    for step in loop.body {
      guard case .kernel(let call) = step else { return false }
      calls.append(plainCall(call, in: loop, &emitter))
    }
    return calls.indices.contains { RepeatedCalls(in: calls[$0...], atLeast: minimum) != nil }
  }

  /// Appends the texts of `calls`, which are those of `loop` or in none, to `pieces`, each made by
  /// a copy of `margin`: a loop for those that repeat, unless a debugger is to tell them apart.
  func emit(
    _ calls: ArraySlice<PlainCall>, in loop: Loop?, margin: SourceWriter,
    into pieces: inout [SourceWriter], _ emitter: inout Emitter
  ) {
    let minimum = minimum(in: loop)
    var rest = calls
    while let first = rest.first {
      var piece = margin
      if location == nil, let repeated = RepeatedCalls(in: rest, atLeast: minimum) {
        emit(rest.prefix(repeated.period), repeated, in: loop, into: &piece, &emitter)
        rest = rest.dropFirst(repeated.period * repeated.count)
      } else {
        emit(first.call, first.emitted, into: &piece, &emitter) { place, scalar in
          loop == nil ? expression(place, scalar) : movable(place, scalar, in: loop).text
        }
        rest = rest.dropFirst()
      }
      pieces.append(piece)
    }
  }

  /// Appends a loop that repeats `calls`, which are those of its first round.
  private func emit(
    _ calls: ArraySlice<PlainCall>, _ repeated: RepeatedCalls, in loop: Loop?,
    into writer: inout SourceWriter, _ emitter: inout Emitter
  ) {
    let others = repeated.count - 1
    writer.comment(
      "These lines and \(others) more group\(others == 1 ? "" : "s") of the same form.")
    let isUsed = repeated.growth.contains { $0.contains { $0 != 0 } }
    writer.block("for \(isUsed ? round : "_") in 0..<\(repeated.count) {") { writer in
      for (call, growth) in zip(calls, repeated.growth) {
        var growth = growth[...]
        emit(call.call, call.emitted, into: &writer, &emitter) { place, scalar in
          let pointer = movable(place, scalar, in: loop)
          defer { growth = growth.dropFirst(pointer.numbers.count) }
          return pointer.text(moved: growth, by: round)
        }
      }
    }
  }

}
