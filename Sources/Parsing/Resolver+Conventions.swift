import Diagnostics
import IR

extension Resolver {

  /// Reads the conventions among `statements`.
  mutating func readConventions(_ statements: [Statement]) {
    /// Where each parameter stands.
    var seen: [String: SourceSpan] = [:]
    defer { for convention in module.conventions { checkPlaces(of: convention) } }
    for statement in statements where !reporter.isFull {
      guard case .convention(let name, let block) = statement.kind else { continue }
      var convention: Convention
      let position = module.conventions.firstIndex { $0.name == name.text }
      if let position {
        convention = module.conventions[position]
        pendingComments += statement.comments.all
      } else {
        convention = Convention(name: name.text, comments: takeComments(statement.comments))
      }
      for line in block.statements {
        guard case .equation(let sum, let term) = line.kind else { continue }
        let comments = takeComments(line.comments)
        guard let tensors = tensors(of: sum), let (term, shape) = self.term(of: term) else {
          continue
        }
        let equation = Convention.Equation(
          tensors: tensors, term: term, span: line.span, comments: comments)
        check(equation, shape, of: name.text, &seen)
        convention.equations.append(equation)
      }
      pendingComments += block.closingComments
      if let position {
        module.conventions[position] = convention
      } else {
        module.conventions.append(convention)
      }
    }
  }

  /// The most equations that a tensor may be in; each two of them are compared.
  private static let mostParts = 2000

  /// Reports tensors of which the equations give some numbers twice, or not at all.
  private mutating func checkPlaces(of convention: Convention) {
    var order: [String] = []
    var parts: [String: [(box: [Range<Int>], span: SourceSpan)]] = [:]
    for equation in convention.equations {
      guard let shape = module.shape(of: equation.term) else { continue }
      for part in equation.tensors {
        // What has no ranges has been reported.
        guard let box = part.ranges(shape, in: module.dimensions) else { continue }
        if parts[part.tensor] == nil { order.append(part.tensor) }
        parts[part.tensor, default: []].append((box, equation.span))
      }
    }
    for tensor in order where !reporter.isFull {
      if let parts = parts[tensor] { check(parts, of: tensor) }
    }
  }

  /// Reports the first of `parts` of `tensor` that another one overlaps, or that they are not all
  /// of it.
  private mutating func check(
    _ parts: [(box: [Range<Int>], span: SourceSpan)], of tensor: String
  ) {
    let rank = parts[0].box.count
    guard parts.count <= Self.mostParts else {
      report(.tooManyParts(tensor, parts.count, limit: Self.mostParts, at: parts[0].span))
      return
    }
    for (i, part) in parts.enumerated() {
      guard part.box.count == rank else {
        report(.partRank(tensor, part.box.count, rank, at: part.span, first: parts[0].span))
        return
      }
      let first = parts[..<i].first { other in
        zip(other.box, part.box).allSatisfy { $0.overlaps($1) }
      }
      guard let first else { continue }
      let isWhole = first.box == part.box
      let subject = isWhole && parts.count == 2 ? "tensor '\(tensor)'" : "a place of '\(tensor)'"
      report(.solvedTwice(subject, at: part.span, first: first.span))
      return
    }
    let whole = (0..<rank).map { axis in parts.map { $0.box[axis].upperBound }.max() ?? 0 }
    let count = whole.product ?? Int.max
    // Each part is as large as parameters are.
    let given = parts.reduce(0) { $0 + $1.box.reduce(1) { $0 * $1.count } }
    if given != count { report(.incompleteTensor(tensor, given, count, at: parts[0].span)) }
  }

  /// Reports what `equation` gives twice, or for an axis that is not there.
  private mutating func check(
    _ equation: Convention.Equation, _ shape: [Extent], of convention: String,
    _ seen: inout [String: SourceSpan]
  ) {
    for p in equation.term.parameters {
      let name = module.parameters[p].name
      if let first = seen.updateValue(equation.span, forKey: "\(convention) = \(name)") {
        report(.solvedTwice("parameter '\(name)'", at: equation.span, first: first))
      }
    }
    for part in equation.tensors {
      var axis = 0
      for place in part.places {
        var isRight = true
        switch place {
        case .index(let i):
          if i.value(in: module.dimensions) ?? -1 < 0 {
            report(.impossiblePlace(part.tensor, text(i), at: equation.span))
          }
          continue
        case .all: isRight = axis < shape.count
        case .range(let range):
          if range.lower.value(in: module.dimensions) ?? -1 < 0 {
            report(.impossiblePlace(part.tensor, text(range.lower), at: equation.span))
          }
          let size = range.upper.subtracting(range.lower)
          isRight =
            axis < shape.count && size.map { unify($0, shape[axis], at: equation.span) } ?? false
        }
        guard isRight else {
          let axes = shape.map { $0.description(in: module.dimensions) }.joined(separator: ", ")
          report(.wrongRange(part.tensor, axis, "[\(axes)]", at: equation.span))
          break
        }
        axis += 1
      }
    }
  }

  /// Returns the tensors whose sum `e` is.
  private mutating func tensors(of e: Expression) -> [Convention.Part]? {
    switch e.kind {
    case .name(let name): return [Convention.Part(tensor: name)]
    case .subscripted(let base, let subscripts):
      guard case .name(let name) = base.kind, subscripts.count == 1 else { break }
      let places = subscripts[0].items.compactMap { place(of: $0) }
      guard places.count == subscripts[0].items.count else { return nil }
      return [Convention.Part(tensor: name, places: places)]
    case .chain(let first, let links) where links.allSatisfy({ $0.op == .add }):
      var result = tensors(of: first)
      for link in links {
        let next = tensors(of: link.operand)
        result = result.flatMap { parts in next.map { parts + $0 } }
      }
      return result
    default: break
    }
    report(.notASum(at: e.span))
    return nil
  }

  private mutating func place(of item: Subscript.Item) -> Convention.Place? {
    switch item {
    case .all: return .all
    case .place(let e): return extent(of: e).map { .index($0) }
    case .range(let a, let b, _):
      guard let lower = extent(of: a), let upper = extent(of: b) else { return nil }
      return .range(Convention.Range(lower: lower, upper: upper))
    }
  }

  /// Returns the term that `e` is and its shape.
  private mutating func term(of e: Expression) -> (Convention.Term, shape: [Extent])? {
    switch e.kind {
    case .name(let name):
      // Inputs and values come later, and are no parameters either.
      guard scopes.position(of: name) != nil || laterDefinition(of: name) == nil else { break }
      guard let position = lookUp(name, at: e.span) else { return nil }
      switch scopes[position].kind {
      case .parameter(let p): return (.parameter(p), module.parameters[p].type.shape)
      case .poisoned: return nil
      default: break
      }
    case .call(let name, let arguments):
      switch name.text {
      case "transpose" where arguments.count == 1 && arguments[0].label == nil:
        return term(of: arguments[0].value).map { (.transpose($0.0), $0.shape.reversed()) }
      case "concat" where !arguments.isEmpty: return concatenation(arguments, at: e.span)
      case "reshape" where arguments.count == 2: return reshaped(arguments, at: e.span)
      default: break
      }
    default: break
    }
    report(.notATerm(at: e.span))
    return nil
  }

  private mutating func concatenation(
    _ arguments: [Argument], at span: SourceSpan
  ) -> (Convention.Term, shape: [Extent])? {
    guard let last = arguments.last, last.label?.text == "axis",
      case .number(_, let axis?) = last.value.kind,
      arguments.dropLast().allSatisfy({ $0.label == nil })
    else {
      report(.missingLabel("axis", of: "concat", at: span))
      return nil
    }
    var terms: [Convention.Term] = []
    var shape: [Extent]?
    for argument in arguments.dropLast() {
      guard let (term, own) = term(of: argument.value) else { return nil }
      guard own.indices.contains(axis) else {
        report(.termAxis(axis, rank: own.count, at: argument.value.span))
        return nil
      }
      terms.append(term)
      guard var sum = shape else {
        shape = own
        continue
      }
      guard sum.count == own.count, let size = sum[axis].adding(own[axis]),
        own.indices.allSatisfy({ $0 == axis || unify(sum[$0], own[$0], at: argument.value.span) })
      else {
        report(.notATerm(at: argument.value.span))
        return nil
      }
      sum[axis] = size
      shape = sum
    }
    guard let shape else {
      report(.notATerm(at: span))
      return nil
    }
    return (.concat(terms, axis: axis), shape)
  }

  private mutating func reshaped(
    _ arguments: [Argument], at span: SourceSpan
  ) -> (Convention.Term, shape: [Extent])? {
    guard case .list(let items) = arguments[1].value.kind,
      let (term, shape) = term(of: arguments[0].value)
    else {
      report(.notATerm(at: span))
      return nil
    }
    let sizes = items.compactMap { extent(of: $0) }
    guard sizes.count == items.count else { return nil }
    func count(_ sizes: [Extent]) -> Int? {
      let values = sizes.compactMap { $0.value(in: module.dimensions) }
      return values.count == sizes.count ? values.product : nil
    }
    guard sizes.allSatisfy({ isPossible($0, at: span) }) else { return nil }
    guard let n = count(sizes), n == count(shape) else {
      report(.notATerm(at: span))
      return nil
    }
    return (.reshape(term, sizes), sizes)
  }

}

extension [Int] {

  /// The product of the elements, or `nil` if it is too large.
  fileprivate var product: Int? {
    reduce(1) { n, m in
      guard let n, case let (product, overflow) = n.multipliedReportingOverflow(by: m) else {
        return nil
      }
      return overflow ? nil : product
    }
  }

}
