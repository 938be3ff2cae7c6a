import Diagnostics
import IR

/// The arguments of a call, sorted.
struct ArgumentList {

  /// The arguments without labels.
  var operands: [Expression] = []

  /// The others, by label.
  var labelled: [String: Expression] = [:]

}

extension Resolver {

  /// Returns the value of the call of `name`.
  mutating func call(_ name: Name, _ arguments: [Argument], at span: SourceSpan) -> Operand? {
    guard let operation = Operation(name.text) else {
      // What the arguments say may be wrong too, and they are in use.
      for argument in arguments { readForErrors(argument.value) }
      report(
        .unknownOperation(name, suggestion: suggest(name.text, among: Operation.names)))
      return nil
    }
    guard let list = sort(arguments, of: name, operation, at: span) else {
      for argument in arguments where argument.label == nil { readForErrors(argument.value) }
      return nil
    }
    switch operation {
    case .linear: return linear(list, name, at: span)
    case .old: return old(list.operands[0])
    case .split:
      report(.resultCount(1, nil, at: span))
      return nil
    case .slice: return slice(list, name, at: span)
    case .reshape: return reshape(list, name, at: span)
    case .mask: return mask(list, name, at: span)
    case .broadcast: return broadcast(list, name, at: span)
    case .crossEntropy: return crossEntropy(list, name, isGradient: false, at: span)
    case .crossEntropyGradient: return crossEntropy(list, name, isGradient: true, at: span)
    case .scatterAdd: return scatterAdd(list, name, at: span)
    case .dropout: return dropout(list, name, at: span)
    case .flatten: return flatten(list, name, at: span)
    case .convolution(let operation): return convolution(operation, list, name, at: span)
    case .pool(let role): return pool(role, list, name, at: span)
    case .squaredError: return squaredError(list, name, at: span)
    default: break
    }
    let operands = list.operands.map { value(of: $0) }
    let known = operands.compactMap { $0 }
    guard known.count == operands.count else { return nil }
    if case .comparison(let f) = operation {
      return compare(f, known[0], list.operands[0], known[1], list.operands[1], at: span)
    }
    guard let op = op(operation, list, known) else { return nil }
    return emit(op, known, list.operands, name.text, at: span)
  }

  /// Reads an argument of a call that is wrong, so that its names count as read.
  private mutating func readForErrors(_ e: Expression) {
    switch e.kind {
    case .list(let items): for item in items { readForErrors(item) }
    case .gathered(let part), .columns(let part, _, _): readForErrors(part)
    case .range: break
    default: _ = value(of: e)
    }
  }

  /// Returns the operation on `operands` with the attributes in `list`.
  private mutating func op(
    _ operation: Operation, _ list: ArgumentList, _ operands: [Operand]
  ) -> Op? {
    let rank = graph.type(of: operands[0].value).denseShape.count
    switch operation {
    case .unary(let f): return .unary(f)
    case .binary(let f): return .binary(f)
    case .comparison(let f): return .compare(f)
    case .reduction(let f): return reduction(f, list, rank)
    case .max: return operands.count == 2 ? binaryMax(list) : reduction(.max, list, rank)
    case .matmul:
      guard let left = flag("transpose_a", list), let right = flag("transpose_b", list) else {
        return nil
      }
      return .matmul(transposingLeft: left, transposingRight: right)
    case .oneHot: return .oneHot
    case .concat: return axis(list, rank).map { .concat(axis: $0) }
    case .transpose: return transposition(list, rank)
    case .stack: return axis(list, rank + 1).map { .stack(axis: $0) }
    case .select: return .select
    case .softmax: return axis(list, rank).map { .softmax(axis: $0, logarithmic: false) }
    case .logSoftmax: return axis(list, rank).map { .softmax(axis: $0, logarithmic: true) }
    case .argmax: return axis(list, rank).map { .argmax(axis: $0) }
    case .gather: return .gather
    case .convert: return .convert
    case .detach: return .detach
    case .weightGradient: return .weightGradient
    case .linear, .split, .slice, .reshape, .mask, .old, .broadcast, .crossEntropy,
      .crossEntropyGradient, .scatterAdd, .dropout, .squaredError, .flatten, .convolution, .pool:
      return nil
    }
  }

  /// Returns the arguments of `name` by their labels, unless some do not belong there.
  mutating func sort(
    _ arguments: [Argument], of name: Name, _ operation: Operation, at span: SourceSpan
  ) -> ArgumentList? {
    let counts = operation.operandCounts
    guard checkArguments(arguments, of: name, labels: operation.labels) else { return nil }
    var list = ArgumentList()
    for argument in arguments {
      if let label = argument.label {
        list.labelled[label.text] = argument.value
      } else {
        list.operands.append(argument.value)
      }
    }
    guard counts.contains(list.operands.count) else {
      report(.operandCount(list.operands.count, expected: counts, of: name.text, at: span))
      return nil
    }
    for label in operation.requiredLabels where list.labelled[label] == nil {
      report(.missingLabel(label, of: name.text, at: span))
      return nil
    }
    return list
  }

  /// Reports labels among `arguments` that `name` does not have or that stand twice.
  mutating func checkArguments(
    _ arguments: [Argument], of name: Name, positional: Int? = nil, labels: [String]
  ) -> Bool {
    var seen: [String: SourceSpan] = [:]
    var isRight = true
    for argument in arguments {
      guard let label = argument.label else { continue }
      if let first = seen[label.text] {
        report(.duplicateLabel(label, first: first))
        isRight = false
      } else if !labels.contains(label.text) {
        report(
          .unknownLabel(
            label, of: name.text, labels, suggestion: suggest(label.text, among: labels)))
        isRight = false
      }
      seen[label.text] = label.span
    }
    let count = arguments.count { $0.label == nil }
    if let positional, count != positional {
      report(
        count > positional && !labels.isEmpty
          ? .unlabelledArguments(of: name, labels, besides: positional)
          : .operandCount(count, expected: positional...positional, of: name.text, at: name.span))
      return false
    }
    return isRight
  }

  /// Returns the value that a state had before.
  private mutating func old(_ e: Expression) -> Operand? {
    guard case .name(let name) = e.kind else {
      report(.notAState(nil, at: e.span, definition: nil))
      return nil
    }
    guard let position = lookUp(name, at: e.span) else { return nil }
    switch scopes[position].kind {
    case .state(let i) where section != .bind:
      return oldValue(ofState: i).map { Operand(value: $0) }
    case .poisoned: return nil
    default:
      report(.notAState(name, at: e.span, definition: scopes[position].name.span))
      return nil
    }
  }

}
