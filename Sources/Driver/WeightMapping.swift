import Diagnostics
import IR
import Runner
import Tensors

/// How the tensors of a file become the parameters of a model, and the other way round.
package struct WeightMapping {

  /// Another name for the tensors of a layer.
  package struct Renaming: Equatable, Sendable {

    /// The names in the file and in the model, each with at most one `*`, which stands for the same
    /// text in both.
    package let file: String
    package let model: String

    /// Creates a renaming; without a `*`, both are what names begin with, up to a dot.
    package init(file: String, model: String) {
      let isPattern = file.contains("*") || model.contains("*")
      self.file = isPattern ? file : "\(file).*"
      self.model = isPattern ? model : "\(model).*"
    }

    /// `true` iff no side has two stars, or a star that the other lacks.
    package var isComplete: Bool {
      file.count { $0 == "*" } == 1 && model.count { $0 == "*" } == 1
    }

    /// Returns the name in the file of what the model calls `name`, if the renaming applies to it.
    func fileName(of name: String) -> String? {
      let parts = model.split(separator: "*", omittingEmptySubsequences: false)
      guard let first = parts.first, let last = parts.last, name.hasPrefix(first),
        name.dropFirst(first.count).hasSuffix(last)
      else { return nil }
      let middle = name.dropFirst(first.count).dropLast(last.count)
      return file.replacing("*", with: middle)
    }

  }

  let module: Module

  /// The equations that the tensors obey; `nil` if they are the parameters themselves.
  let convention: Convention?

  let renamings: [Renaming]

  /// The names, with `*` for any text, of tensors that are zero where the file lacks them.
  let zeros: [String]

  /// Creates the mapping of `module` under the convention called `name`.
  ///
  /// A renaming that applies to nothing is an error.
  package init(
    _ module: Module, convention name: String?, renamings: [Renaming] = [], zeros: [String] = []
  ) throws(RunnerError) {
    self.module = module
    self.renamings = renamings
    self.zeros = zeros
    guard let name else {
      convention = nil
      try checkRenamings()
      return
    }
    guard let found = module.conventions.first(where: { $0.name == name }) else {
      let known = module.conventions.map(\.name)
      throw RunnerError(
        .input,
        "model '\(module.name)' has no convention '\(name.printable)'; "
          + (known.isEmpty
            ? "its parameters have their own names only"
            : "it has \(known.joined(separator: ", "))"))
    }
    convention = found
    try checkRenamings()
  }

  private func checkRenamings() throws(RunnerError) {
    let names = equations.flatMap(\.tensors).map(\.tensor)
    for (i, renaming) in renamings.enumerated() {
      if renamings[..<i].contains(where: { $0.model == renaming.model }) {
        throw RunnerError(.commandLine, "'--map' says twice where '\(renaming.model)' is")
      }
      guard !names.contains(where: { renaming.fileName(of: $0) != nil }) else { continue }
      throw RunnerError(
        .commandLine,
        "'--map \(renaming.file.printable)=\(renaming.model.printable)' applies to no tensor; there "
          + "are \(names.prefix(8).joined(separator: ", "))\(names.count > 8 ? ", ..." : "")")
    }
  }

  /// `true` iff `name`, which the file lacks, is one of the tensors that are zero then.
  func isZero(_ name: String) -> Bool { zeros.contains { name.matches($0) } }

  /// Returns the name in the file of what the model calls `name`.
  func fileName(of name: String) -> String {
    for renaming in renamings {
      if let result = renaming.fileName(of: name) { return result }
    }
    return name
  }

  /// What the file has to hold: the equations of the convention, and one for each parameter that
  /// stands in none of them.
  var equations: [Convention.Equation] {
    let given = convention?.equations ?? []
    let solved = Set(given.flatMap(\.term.parameters))
    return given
      + module.parameters.indices.map { ID<Parameter>($0) }.filter { !solved.contains($0) }.map {
        Convention.Equation(
          tensors: [Convention.Part(tensor: module.parameters[$0].name)], term: .parameter($0))
      }
  }

  /// Returns the number of places of the first axis of `tensor`, if equations give ranges of it.
  func length(of tensor: String) -> Int? {
    equations.flatMap(\.tensors).filter { $0.tensor == tensor }
      .compactMap { $0.range?.upper.value(in: module.dimensions) }.max()
  }

  /// Returns the shape of the tensor of the file that `part` is, or is part of, where the term on
  /// the other side has `shape`.
  func shape(of part: Convention.Part, _ shape: [Int]) -> [Int] {
    guard part.range != nil, let length = length(of: part.tensor) else { return shape }
    return [length] + shape.dropFirst()
  }

  /// Returns the first and the last but one place of `part`.
  func places(of part: Convention.Part, _ shape: [Int]) -> Range<Int> {
    guard let range = part.range, let lower = range.lower.value(in: module.dimensions),
      let upper = range.upper.value(in: module.dimensions), lower <= upper
    else { return 0..<(shape.first ?? 1) }
    return lower..<upper
  }

}

extension String {

  /// `true` iff `self` is `pattern`, in which `*` stands for any text.
  fileprivate func matches(_ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard let first = parts.first, let last = parts.last, parts.count > 1 else {
      return self == pattern
    }
    guard hasPrefix(first) else { return false }
    var rest = dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(last)
  }

}

/// A table of numbers with its shape.
struct Block: Equatable {

  var shape: [Int]
  var elements: [Float]

  /// The block with its axes in the opposite order.
  var transposed: Block {
    var result = Block(shape: shape.reversed(), elements: elements)
    var position = [Int](repeating: 0, count: shape.count)
    let strides = shape.indices.map { axis in shape[..<axis].reduce(1, *) }
    for x in elements {
      result.elements[zip(position, strides).reduce(0) { $0 + $1.0 * $1.1 }] = x
      for axis in shape.indices.reversed() {
        position[axis] += 1
        if position[axis] < shape[axis] { break }
        position[axis] = 0
      }
    }
    return result
  }

  /// Returns the part of the block at `places` of `axis`.
  func slice(axis: Int, _ places: Range<Int>) -> Block {
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    var result = Block(shape: shape, elements: [])
    result.shape[axis] = places.count
    for i in 0..<outer {
      let start = (i * shape[axis] + places.lowerBound) * inner
      result.elements += elements[start..<start + places.count * inner]
    }
    return result
  }

  /// Returns `blocks` one after the other along `axis`.
  static func concat(_ blocks: [Block], axis: Int) -> Block {
    var result = Block(shape: blocks.first?.shape ?? [], elements: [])
    result.shape[axis] = blocks.reduce(0) { $0 + $1.shape[axis] }
    let outer = result.shape[..<axis].reduce(1, *)
    for i in 0..<outer {
      for block in blocks {
        let count = block.elements.count / max(outer, 1)
        result.elements += block.elements[i * count..<(i + 1) * count]
      }
    }
    return result
  }

}

extension WeightMapping {

  /// Returns the shape of `term`.
  func shape(of term: Convention.Term) -> [Int] {
    switch term {
    case .parameter(let p): return sizes(module.parameters[p].type.shape)
    case .transpose(let x): return shape(of: x).reversed()
    case .concat(let terms, let axis):
      let shapes = terms.map { shape(of: $0) }
      var result = shapes.first ?? []
      result[axis] = shapes.reduce(0) { $0 + $1[axis] }
      return result
    case .reshape(_, let shape): return sizes(shape)
    }
  }

  private func sizes(_ shape: [Extent]) -> [Int] {
    shape.map { extent in
      guard let n = extent.value(in: module.dimensions) else {
        preconditionFailure("sizes of parameters do not overflow")
      }
      return n
    }
  }

  /// Sets `parameters` so that `term` is `value`.
  func solve(
    _ term: Convention.Term, _ value: Block, into parameters: inout [String: Tensor]
  ) {
    switch term {
    case .parameter(let p):
      parameters[module.parameters[p].name] = Tensor(shape: value.shape, value.elements)
    case .transpose(let x): solve(x, value.transposed, into: &parameters)
    case .reshape(let x, _):
      solve(x, Block(shape: shape(of: x), elements: value.elements), into: &parameters)
    case .concat(let terms, let axis):
      var start = 0
      for x in terms {
        let count = shape(of: x)[axis]
        solve(x, value.slice(axis: axis, start..<start + count), into: &parameters)
        start += count
      }
    }
  }

  /// Returns what `term` is of `parameters`, which are all there.
  func value(of term: Convention.Term, _ parameters: [String: [Float]]) -> Block {
    switch term {
    case .parameter(let p):
      guard let elements = parameters[module.parameters[p].name] else {
        preconditionFailure("all parameters are given")
      }
      return Block(shape: shape(of: term), elements: elements)
    case .transpose(let x): return value(of: x, parameters).transposed
    case .reshape(let x, _):
      return Block(shape: shape(of: term), elements: value(of: x, parameters).elements)
    case .concat(let terms, let axis):
      return .concat(terms.map { value(of: $0, parameters) }, axis: axis)
    }
  }

}
