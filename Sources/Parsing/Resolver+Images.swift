import Diagnostics
import IR

// Convolutions, pooling and what leads from images to rows.
extension Resolver {

  /// Returns the value of a convolution, or of the gradient by an operand of which the shape is
  /// given.
  mutating func convolution(
    _ operation: Operation.Images, _ list: ArgumentList, _ name: Name, at span: SourceSpan
  ) -> Operand? {
    let isGradient = operation != .convolution
    let written = isGradient ? Array(list.operands.prefix(2)) : list.operands
    let operands = written.map { value(of: $0) }
    let known = operands.compactMap { $0 }
    let shape = isGradient ? sides(list.operands[2]) : []
    guard let stride = count("stride", list, atLeast: 1, without: 1),
      let padding = count("padding", list, atLeast: 0, without: 0), let shape,
      known.count == operands.count
    else { return nil }
    let role: Convolution.Role
    switch operation {
    case .convolution: role = .result(hasBias: known.count > 2)
    case .imageGradient: role = .imageGradient(height: shape[0], width: shape[1])
    case .kernelGradient: role = .kernelGradient(height: shape[0], width: shape[1])
    }
    return emit(
      .convolution(Convolution(role, stride: stride, padding: padding)), known, written, name.text,
      at: span)
  }

  /// Returns the value of pooling, or of what follows the places that it chooses.
  mutating func pool(
    _ role: Pool.Role, _ list: ArgumentList, _ name: Name, at span: SourceSpan
  ) -> Operand? {
    let operands = list.operands.map { value(of: $0) }
    let known = operands.compactMap { $0 }
    guard let size = count("size", list, atLeast: 1, without: 1),
      let stride = count("stride", list, atLeast: 1, without: size),
      known.count == operands.count
    else { return nil }
    return emit(
      .pool(Pool(role, size: size, stride: stride)), known, list.operands, name.text, at: span)
  }

  /// Returns the value of `flatten(x)`: all axes behind the first as one.
  mutating func flatten(_ list: ArgumentList, _ name: Name, at span: SourceSpan) -> Operand? {
    guard let x = value(of: list.operands[0]) else { return nil }
    let shape = graph.type(of: x.value).denseShape
    guard shape.count > 1 else {
      report(
        .error(
          .incompatibleShapes,
          "found \(text(graph.type(of: x.value))), expected at least two axes", at: span))
      return nil
    }
    var product = Extent(1)
    for extent in shape.dropFirst() {
      guard let next = product.multiplied(by: extent) else {
        report(.sizeOverflow(at: span))
        return nil
      }
      product = next
    }
    return emit(.reshape([shape[0], product]), [x], list.operands, name.text, at: span)
  }

  /// Returns the integer behind `label`, or `standard` where the label is missing.
  private mutating func count(
    _ label: String, _ list: ArgumentList, atLeast least: Int, without standard: Int
  ) -> Int? {
    guard let e = list.labelled[label] else { return standard }
    guard case .number(_, let n?) = e.kind, n >= least, n <= Self.elementLimit else {
      report(
        .wrongAttribute(
          "one integer of at least \(least) for both axes as the \(label)", at: e.span))
      return nil
    }
    return n
  }

  /// Returns the height and the width that `e` gives.
  private mutating func sides(_ e: Expression) -> [Extent]? {
    guard case .list(let items) = e.kind, items.count == 2 else {
      report(.wrongAttribute("a height and a width, such as '[5, 5]'", at: e.span))
      return nil
    }
    let sides = items.compactMap { extent(of: $0) }
    return sides.count == 2 ? sides : nil
  }

}
