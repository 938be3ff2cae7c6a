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

}

extension Product {

  fileprivate var access: Access {
    var result = program.access
    for part in parts { result.reads += [part.place, part.weight] }
    for lookup in lookups { result.reads += [lookup.index, lookup.table] }
    result.reads += [bias, start?.place].compactMap { $0 }
    return result
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
    case .scatter(let k): Access(reads: [k.index, k.values], writes: [k.output])
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

}
