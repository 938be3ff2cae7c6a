import Diagnostics
import IR

extension Resolver {

  /// Reads the conventions among `statements`.
  mutating func readConventions(_ statements: [Statement]) {
    /// Where each tensor stands as a whole, and where each parameter does.
    var seen: [String: SourceSpan] = [:]
    defer { for convention in module.conventions { checkRanges(of: convention) } }
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

  /// Reports tensors of which the equations give some places twice, or not at all.
  private mutating func checkRanges(of convention: Convention) {
    var ranges: [String: [(lower: Int, upper: Int, span: SourceSpan)]] = [:]
    for equation in convention.equations {
      for part in equation.tensors {
        guard let range = part.range, let lower = range.lower.value(in: module.dimensions),
          let upper = range.upper.value(in: module.dimensions)
        else { continue }
        ranges[part.tensor, default: []].append((lower, upper, equation.span))
      }
    }
    for (tensor, places) in ranges.sorted(by: { $0.key < $1.key }) {
      var end = 0
      for (lower, upper, span) in places.sorted(by: { $0.lower < $1.lower }) {
        if lower != end { report(.unevenRanges(tensor, end, lower, at: span)) }
        end = upper
      }
    }
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
      guard let range = part.range else {
        if let first = seen.updateValue(equation.span, forKey: "\(convention) \(part.tensor)") {
          report(.solvedTwice("tensor '\(part.tensor)'", at: equation.span, first: first))
        }
        continue
      }
      guard let size = range.upper.subtracting(range.lower), let first = shape.first,
        unify(size, first, at: equation.span)
      else {
        let axes = shape.map { $0.description(in: module.dimensions) }.joined(separator: ", ")
        report(.wrongRange(part.tensor, "[\(axes)]", at: equation.span))
        continue
      }
    }
  }

  /// Returns the tensors whose sum `e` is.
  private mutating func tensors(of e: Expression) -> [Convention.Part]? {
    switch e.kind {
    case .name(let name): return [Convention.Part(tensor: name)]
    case .subscripted(let base, let subscripts):
      guard case .name(let name) = base.kind, subscripts.count == 1,
        subscripts[0].items.count == 1, case .range(let a, let b, _) = subscripts[0].items[0]
      else { break }
      guard let lower = extent(of: a), let upper = extent(of: b) else { return nil }
      return [
        Convention.Part(tensor: name, range: Convention.Range(lower: lower, upper: upper))
      ]
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
      sizes.reduce(1) { n, size in
        guard let n, let m = size.value(in: module.dimensions) else { return nil }
        let (product, overflow) = n.multipliedReportingOverflow(by: m)
        return overflow ? nil : product
      }
    }
    guard sizes.allSatisfy({ isPossible($0, at: span) }) else { return nil }
    guard let n = count(sizes), n == count(shape) else {
      report(.notATerm(at: span))
      return nil
    }
    return (.reshape(term, sizes), sizes)
  }

}
