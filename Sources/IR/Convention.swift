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

  /// A tensor of a file, or a part of it.
  package struct Part: Hashable, Sendable {

    package var tensor: String

    /// The places of each axis, from the first on; all of those that are not listed.
    package var places: [Place]

    /// Creates a part.
    package init(tensor: String, places: [Place] = []) {
      self.tensor = tensor
      self.places = places
    }

    /// Returns the range of each axis of the tensor where the part has the extents `shape`, which
    /// lack the axes of single places; `nil` if they are not those of the part.
    package func ranges(
      _ shape: [Int], in dimensions: [Dimension]
    ) -> [Swift.Range<Int>]? {
      var rest = shape[...]
      var result: [Swift.Range<Int>] = []
      for place in places {
        switch place {
        case .all:
          guard let size = rest.popFirst() else { return nil }
          result.append(0..<size)
        case .index(let i):
          guard let i = i.value(in: dimensions), i >= 0 else { return nil }
          result.append(i..<i + 1)
        case .range(let range):
          guard let lower = range.lower.value(in: dimensions), lower >= 0,
            let upper = range.upper.value(in: dimensions), lower <= upper,
            let size = rest.popFirst(), size == upper - lower
          else { return nil }
          result.append(lower..<upper)
        }
      }
      return result + rest.map { 0..<$0 }
    }

  }

  /// What a part takes of an axis of a tensor.
  package enum Place: Hashable, Sendable {

    case all

    /// One place; the axis disappears.
    case index(Extent)

    case range(Range)

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

  /// Returns the extents of `term`, or `nil` if one of them overflows.
  package func shape(of term: Convention.Term) -> [Int]? {
    switch term {
    case .parameter(let p): return sizes(parameters[p].type.shape)
    case .transpose(let x): return shape(of: x)?.reversed()
    case .concat(let terms, let axis):
      let shapes = terms.compactMap { shape(of: $0) }
      guard var result = shapes.first, shapes.count == terms.count else { return nil }
      result[axis] = shapes.reduce(0) { $0 + $1[axis] }
      return result
    case .reshape(_, let shape): return sizes(shape)
    }
  }

  private func sizes(_ shape: [Extent]) -> [Int]? {
    let result = shape.compactMap { $0.value(in: dimensions) }
    return result.count == shape.count ? result : nil
  }

  /// Returns the text of `equation` as it stands in the model.
  package func text(of equation: Convention.Equation) -> String {
    let tensors = equation.tensors.map { part in
      let places = part.places.map { text(of: $0) }.joined(separator: ", ")
      return part.tensor + (places.isEmpty ? "" : "[\(places)]")
    }
    return "\(tensors.joined(separator: " + ")) = \(text(of: equation.term))"
  }

  private func text(of place: Convention.Place) -> String {
    switch place {
    case .all: return ":"
    case .index(let i): return i.description(in: dimensions)
    case .range(let range):
      let (lower, upper) = (range.lower, range.upper)
      return "\(lower.description(in: dimensions)) ..< \(upper.description(in: dimensions))"
    }
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
