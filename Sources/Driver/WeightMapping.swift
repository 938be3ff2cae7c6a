import Diagnostics
import IR
import Runner
import Tensors

/// How the tensors of a file become the parameters of a model, and the other way round.
package struct WeightMapping {

  let module: Module

  /// The equations that the tensors obey; `nil` if they are the parameters themselves.
  let convention: Convention?

  let renamings: [WeightRenaming]

  /// The names, with `*` for any text, of tensors that are zero where the file lacks them.
  let zeros: [String]

  /// The names, with `*` for any text, of tensors that may be left over.
  let ignored: [String]

  /// What the file has to hold: the equations of the convention, and one for each parameter that
  /// is in none of them.
  let equations: [Convention.Equation]

  /// The shape of each tensor in the equations.
  private let shapes: [String: [Int]]

  /// Creates the mapping of `module` under the convention called `name`.
  ///
  /// A renaming that changes no name is an error.
  package init(
    _ module: Module, convention name: String?, renamings: [WeightRenaming] = [],
    zeros: [String] = [], ignored: [String] = []
  ) throws(RunnerError) {
    self.module = module
    self.renamings = renamings
    self.zeros = zeros
    self.ignored = ignored
    let convention = module.conventions.first { $0.name == name }
    if let name, convention == nil {
      let known = module.conventions.map(\.name)
      throw RunnerError(
        .input,
        "model '\(module.name)' has no convention '\(name.printable)'; "
          + (known.isEmpty
            ? "its parameters have their own names only"
            : "it has \(known.joined(separator: ", "))"))
    }
    self.convention = convention
    let given = convention?.equations ?? []
    let solved = Set(given.flatMap(\.term.parameters))
    equations =
      given
      + module.parameters.indices.map { ID<Parameter>($0) }.filter { !solved.contains($0) }.map {
        Convention.Equation(
          tensors: [Convention.Part(tensor: module.parameters[$0].name)], term: .parameter($0))
      }
    var shapes: [String: [Int]] = [:]
    for equation in equations {
      for part in equation.tensors {
        let ends = module.ranges(of: part, in: equation).map(\.upperBound)
        shapes[part.tensor] = shapes[part.tensor].map { zip($0, ends).map(max) } ?? ends
      }
    }
    self.shapes = shapes
    try checkRenamings()
  }

  /// The names of the tensors in the equations, each once, in their order.
  var tensorNames: [String] {
    var seen: Set<String> = []
    return equations.flatMap(\.tensors).map(\.tensor).filter { seen.insert($0).inserted }
  }

  /// Returns the shape of the tensor that the equations call `name`.
  ///
  /// - Requires: they do.
  func shape(of name: String) -> [Int] {
    guard let shape = shapes[name] else { preconditionFailure("tensors of equations have shapes") }
    return shape
  }

  private func checkRenamings() throws(RunnerError) {
    let names = tensorNames
    for (i, renaming) in renamings.enumerated() {
      if renamings[..<i].contains(where: { $0.model == renaming.model }) {
        throw RunnerError(
          .commandLine, "'--map' says twice where '\(renaming.model.printable)' is")
      }
      let option = "'--map \(renaming.text.printable)'"
      guard names.contains(where: { renaming.fileName(of: $0) != nil }) else {
        let known = listed(Array(names.prefix(8))) + (names.count > 8 ? ", ..." : "")
        throw RunnerError(.commandLine, "\(option) applies to no tensor; \(known)")
      }
      var others = renamings
      others.remove(at: i)
      // One that keeps names may keep them from a later one.
      if names.allSatisfy({ fileNames(of: $0, renamings)[0] == fileNames(of: $0, others)[0] }) {
        throw RunnerError(.commandLine, "\(option) changes no name")
      }
    }
  }

  /// Returns the names that what the model calls `name` can have in a file, the first of which
  /// there is; what is saved has the first.
  ///
  /// The first renaming that applies to a name counts; a universal one adds to that.
  private func fileNames(of name: String, _ renamings: [WeightRenaming]) -> [String] {
    let base =
      renamings.lazy.filter { !$0.isUniversal }.compactMap { $0.fileName(of: name) }.first ?? name
    let universal = renamings.first { $0.isUniversal }
    guard let whole = universal?.fileName(of: base), whole != base else { return [base] }
    return [whole, base]
  }

  /// Returns the name that what the model calls `name` has where it is saved.
  func fileName(of name: String) -> String { fileNames(of: name, renamings)[0] }

  /// Returns the name in `file` of what the model calls `name`, or the one that it should have.
  func fileName(of name: String, in file: Safetensors) -> String {
    let names = fileNames(of: name, renamings)
    return names.first { file.holds($0) } ?? names[0]
  }

  /// Returns which of `zeros` says that the tensor that the model calls `name`, and the file would
  /// call `fileName`, is zero; `nil` if none does.
  func zero(_ name: String, _ fileName: String) -> Int? {
    zeros.firstIndex { fileName.matches($0) || name.matches($0) }
  }

}

extension Module {

  /// Returns the range of each axis of the tensor that `part` of `equation` is.
  func ranges(of part: Convention.Part, in equation: Convention.Equation) -> [Range<Int>] {
    guard let shape = shape(of: equation.term), let ranges = part.ranges(shape, in: dimensions)
    else { preconditionFailure("equations have been checked") }
    return ranges
  }

}

extension Safetensors {

  /// `true` iff there is a tensor called `name`, which may be unread.
  func holds(_ name: String) -> Bool {
    self[name] != nil || unread.contains { $0.name == name }
  }

}

extension WeightMapping {

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

  /// Returns the extents of `term`.
  func shape(of term: Convention.Term) -> [Int] {
    guard let shape = module.shape(of: term) else {
      preconditionFailure("sizes of parameters do not overflow")
    }
    return shape
  }

}
