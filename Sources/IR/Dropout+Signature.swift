import Diagnostics

extension Dropout {

  /// Returns the type of what is left of the first of `c.operands`.
  func resultType(_ c: inout SignatureChecker) throws(SignatureError) -> TensorType {
    try c.requireCount(site == nil ? 1 : 4)
    let result = try c.numeric(0)
    for i in c.operands.indices.dropFirst() {
      let type = c.operands[i]
      // An integer in the text is a number; whoever reads it checks that it is one.
      if case .index(let n) = type.element, type.shape.isEmpty,
        try c.value(n) <= Self.counterLimit
      {
        continue
      }
      if type == .scalar { continue }
      throw SignatureError(
        .wrongElementType,
        "found \(c.text(type)), expected an index without axes or an integer", operand: i)
    }
    return result
  }

}
