/// The size of an axis: a polynomial over dimensions, with integer coefficients.
///
/// Equal polynomials are equal values, whatever they were written as: `hidden * 4` is
/// `4 * hidden`.
///
/// - Invariant: terms are sorted by their factors, the constant one last; no coefficient is zero;
///   no two terms have the same factors.
package struct Extent: Hashable, Sendable {

  /// A product of dimensions and a number.
  package struct Term: Hashable, Sendable {

    /// The number; never zero.
    package let coefficient: Int

    /// The dimensions, sorted; one that is squared stands twice.
    package let factors: [ID<Dimension>]

  }

  /// The summands; none for zero.
  package let terms: [Term]

  /// Creates a constant extent.
  package init(_ constant: Int) {
    terms = constant == 0 ? [] : [Term(coefficient: constant, factors: [])]
  }

  /// Creates the extent of dimension `d`.
  package init(_ d: ID<Dimension>) {
    terms = [Term(coefficient: 1, factors: [d])]
  }

  /// Creates the sum of `unsorted`, or `nil` if a coefficient overflows.
  private init?(sum unsorted: [Term]) {
    var terms: [Term] = []
    for term in unsorted.sorted(by: Self.precedes) {
      guard let last = terms.last, last.factors == term.factors else {
        terms.append(term)
        continue
      }
      let (sum, overflow) = last.coefficient.addingReportingOverflow(term.coefficient)
      if overflow { return nil }
      terms.removeLast()
      if sum != 0 { terms.append(Term(coefficient: sum, factors: term.factors)) }
    }
    self.terms = terms
  }

  private static func precedes(_ a: Term, _ b: Term) -> Bool {
    if a.factors.isEmpty || b.factors.isEmpty { return !a.factors.isEmpty && b.factors.isEmpty }
    return a.factors.lexicographicallyPrecedes(b.factors)
  }

  /// The number, if no dimension occurs.
  package var constant: Int? {
    if terms.isEmpty { return 0 }
    return terms.count == 1 && terms[0].factors.isEmpty ? terms[0].coefficient : nil
  }

  /// The dimension, if the extent is nothing else.
  package var dimension: ID<Dimension>? {
    terms.count == 1 && terms[0].coefficient == 1 && terms[0].factors.count == 1
      ? terms[0].factors[0] : nil
  }

  /// The dimensions that occur, sorted, each once.
  package var dimensions: [ID<Dimension>] {
    Set(terms.flatMap(\.factors)).sorted()
  }

  /// Returns the sum of `self` and `other`, or `nil` if a coefficient overflows.
  package func adding(_ other: Extent) -> Extent? {
    Extent(sum: terms + other.terms)
  }

  /// Returns the difference of `self` and `other`, or `nil` if a coefficient overflows.
  package func subtracting(_ other: Extent) -> Extent? {
    guard let negated = other.multiplied(by: Extent(-1)) else { return nil }
    return adding(negated)
  }

  /// Returns the product of `self` and `other`, or `nil` if a coefficient overflows or the degree
  /// exceeds 8.
  package func multiplied(by other: Extent) -> Extent? {
    var products: [Term] = []
    for a in terms {
      for b in other.terms {
        let (c, overflow) = a.coefficient.multipliedReportingOverflow(by: b.coefficient)
        if overflow || a.factors.count + b.factors.count > 8 { return nil }
        products.append(Term(coefficient: c, factors: (a.factors + b.factors).sorted()))
      }
    }
    return Extent(sum: products)
  }

  /// Returns the number that `self` is where dimensions have the values in `dimensions`, or `nil`
  /// if it overflows.
  package func value(in dimensions: [Dimension]) -> Int? {
    var sum = 0
    for term in terms {
      var product = term.coefficient
      for factor in term.factors {
        let (p, overflow) = product.multipliedReportingOverflow(by: dimensions[factor].value)
        if overflow { return nil }
        product = p
      }
      let (s, overflow) = sum.addingReportingOverflow(product)
      if overflow { return nil }
      sum = s
    }
    return sum
  }

  /// Returns the text of `self`, in which dimensions have the names in `dimensions`.
  package func description(in dimensions: [Dimension]) -> String {
    if terms.isEmpty { return "0" }
    var result = ""
    for (i, term) in terms.enumerated() {
      if i > 0 { result += term.coefficient < 0 ? " - " : " + " }
      if i == 0, term.coefficient < 0 { result += "-" }
      let factors = term.factors.map { dimensions[$0].name }
      let magnitude = term.coefficient.magnitude
      let numbers = magnitude == 1 && !factors.isEmpty ? [] : ["\(magnitude)"]
      result += (numbers + factors).joined(separator: " * ")
    }
    return result
  }

  /// The most terms of an expansion.
  private static let longestExpansion = 64

  /// Returns `self` over those of `dimensions` that stand by themselves, or `nil` if that is too
  /// long.
  package func expanded(in dimensions: [Dimension]) -> Extent? {
    var sum = Extent(0)
    for term in terms {
      var product = Extent(term.coefficient)
      for factor in term.factors {
        let dimension = dimensions[factor]
        let whole = dimension.definition == nil ? Extent(factor) : dimension.expansion
        guard let whole, product.terms.count * whole.terms.count <= Self.longestExpansion,
          let next = product.multiplied(by: whole)
        else { return nil }
        product = next
      }
      guard let next = sum.adding(product), next.terms.count <= Self.longestExpansion else {
        return nil
      }
      sum = next
    }
    return sum
  }

  /// Returns `true` iff `self` and `other` are equal for all values of those of `dimensions` that
  /// stand by themselves, as far as that is known.
  package func isAlways(_ other: Extent, in dimensions: [Dimension]) -> Bool {
    if self == other { return true }
    guard let a = expanded(in: dimensions), let b = other.expanded(in: dimensions) else {
      return false
    }
    return a == b
  }

  /// Returns `self` with every dimension replaced by what `replacement` gives for it, or `nil` on
  /// overflow.
  package func substituting(_ replacement: (ID<Dimension>) -> Extent) -> Extent? {
    var sum = Extent(0)
    for term in terms {
      var product: Extent? = Extent(term.coefficient)
      for factor in term.factors { product = product?.multiplied(by: replacement(factor)) }
      guard let product, let next = sum.adding(product) else { return nil }
      sum = next
    }
    return sum
  }

}
