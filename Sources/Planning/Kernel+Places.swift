import IR

/// The places that a kernel reads and those that it writes.
package struct Access: Sendable {

  package var reads: [Place] = []
  package var writes: [Place] = []

}

extension Program {

  /// The places that the program reads and writes.
  fileprivate var access: Access {
    Access(reads: inputs.map(\.place), writes: outputs.map(\.operand.place))
  }

  /// `true` iff the program reads what lies at `place` element by element as it writes it.
  fileprivate func replaces(_ place: Place) -> Bool {
    let written = outputs.map(\.operand).filter { $0.place == place }
    return inputs.allSatisfy { $0.place != place || written.allSatisfy($0.coincides) }
  }

}

extension Operand {

  /// `true` iff a kernel walks over `self` as over `other`.
  fileprivate func coincides(with other: Operand) -> Bool {
    place == other.place && strides == other.strides
  }

}

extension Product {

  fileprivate var access: Access {
    Access(reads: program.access.reads + factors, writes: program.access.writes)
  }

  /// The places that are read for the sums.
  fileprivate var factors: [Place] {
    var result: [Place] = []
    for part in parts { result += [part.place, part.weight] }
    for lookup in lookups { result += [lookup.index, lookup.table] }
    return result + [bias, start?.place].compactMap { $0 }
  }

}

extension Pack {

  fileprivate var access: Access {
    var result = Access(reads: [source], writes: [output])
    if case .table(let bias?) = layout { result.reads.append(bias) }
    return result
  }

}

extension Kernel {

  /// The places that the kernel reads and writes.
  package var access: Access {
    switch self {
    case .product(let k): k.access
    case .map(let k): k.program.access
    case .reduce(let k): Access(reads: [k.input.place], writes: [k.output.place])
    case .softmax(let k): Access(reads: [k.input.place], writes: [k.output.place])
    case .argmax(let k): Access(reads: [k.input.place], writes: [k.output.place])
    case .gather(let k): Access(reads: [k.index.place, k.table], writes: [k.output.place])
    case .oneHot(let k): Access(reads: [k.index.place], writes: [k.output.place])
    case .mask(let k): Access(reads: [k.lengths], writes: [k.output])
    case .pack(let k): k.access
    case .literal(let k): Access(writes: [k.output])
    case .crossEntropy(let k):
      Access(
        reads: [k.logits, k.labels] + (k.mask.map { [$0] } ?? []), writes: [k.output])
    case .scatter(let k):
      Access(reads: [k.index, k.values], writes: [k.output] + (k.errors.map { [$0] } ?? []))
    case .drop(let k): Access(reads: [k.input, k.seed, k.update], writes: [k.output])
    case .convolve(let k):
      Access(
        reads: [k.input.place, k.weight.place] + (k.bias.map { [$0] } ?? []), writes: [k.output])
    case .convolveGradient(let k):
      Access(reads: [k.input.place, k.gradient], writes: [k.output])
    case .pooling(let k):
      Access(reads: [k.input] + (k.second.map { [$0] } ?? []), writes: [k.output])
    case .batched(let k):
      Access(
        reads: k.pack.access.reads + k.product.access.reads,
        writes: k.pack.access.writes + k.product.access.writes)
    }
  }

  /// `true` iff the kernel may write to `place`, which it reads: it replaces element by element.
  func replaces(_ place: Place) -> Bool {
    switch self {
    case .map(let k): k.program.replaces(place)
    case .product(let k): !k.factors.contains(place) && k.program.replaces(place)
    case .reduce, .softmax, .argmax, .gather, .oneHot, .mask, .pack, .literal, .crossEntropy,
      .scatter, .drop, .convolve, .convolveGradient, .pooling, .batched:
      false
    }
  }

}
