import Diagnostics

/// How the tensors of a file that another program wrote make up the parameters of a model.
package struct Convention: Sendable {

  /// A sum of tensors of a file and what it is made of.
  package struct Equation: Sendable {

    /// The summands.
    package var tensors: [Part]

    package var term: Term
    package var span: SourceSpan
    package var comments: Comments

    /// Creates an equation.
    package init(
      tensors: [Part], term: Term, span: SourceSpan = .none, comments: Comments = .init()
    ) {
      self.tensors = tensors
      self.term = term
      self.span = span
      self.comments = comments
    }

  }

  /// A tensor of a file, or a range of its first axis.
  package struct Part: Hashable, Sendable {

    package var tensor: String

    /// The places of the first axis; `nil` for all.
    package var range: Range?

    /// Creates a part.
    package init(tensor: String, range: Range? = nil) {
      self.tensor = tensor
      self.range = range
    }

  }

  /// Places of an axis.
  package struct Range: Hashable, Sendable {

    package var lower: Extent
    package var upper: Extent

    /// Creates the range from `lower` up to, but not including, `upper`.
    package init(lower: Extent, upper: Extent) {
      self.lower = lower
      self.upper = upper
    }

  }

  /// What parameters are put together to.
  package indirect enum Term: Hashable, Sendable {

    case parameter(ID<Parameter>)

    /// The term with its axes in the opposite order.
    case transpose(Term)

    /// The terms one after the other along `axis`.
    case concat([Term], axis: Int)

    /// The elements of the term, in row-major order, in another shape.
    case reshape(Term, [Extent])

    /// The parameters in the term, in order.
    package var parameters: [ID<Parameter>] {
      switch self {
      case .parameter(let p): [p]
      case .transpose(let x), .reshape(let x, _): x.parameters
      case .concat(let terms, _): terms.flatMap(\.parameters)
      }
    }

  }

  package var name: String
  package var equations: [Equation]
  package var comments: Comments

  /// Creates a convention.
  package init(name: String, equations: [Equation] = [], comments: Comments = .init()) {
    self.name = name
    self.equations = equations
    self.comments = comments
  }

}

extension Module {

  /// Returns the text of `equation` as it stands in the model.
  package func text(of equation: Convention.Equation) -> String {
    let tensors = equation.tensors.map { part in
      let range = part.range.map {
        "[\($0.lower.description(in: dimensions)) ..< \($0.upper.description(in: dimensions))]"
      }
      return part.tensor + (range ?? "")
    }
    return "\(tensors.joined(separator: " + ")) = \(text(of: equation.term))"
  }

  private func text(of term: Convention.Term) -> String {
    switch term {
    case .parameter(let p): return parameters[p].name
    case .transpose(let x): return "transpose(\(text(of: x)))"
    case .concat(let terms, let axis):
      return "concat(\(terms.map { text(of: $0) }.joined(separator: ", ")), axis: \(axis))"
    case .reshape(let x, let shape):
      let sizes = shape.map { $0.description(in: dimensions) }.joined(separator: ", ")
      return "reshape(\(text(of: x)), [\(sizes)])"
    }
  }

}
