import Diagnostics

extension DiagnosticCode {

  /// The codes of operations that cannot be applied to their operands.
  package static let signature: [DiagnosticCode] = [
    .incompatibleFactors, .incompatibleShapes, .wrongElementType, .wrongOperandCount,
    .axisOutOfRange, .rangeOutOfBounds, .invalidPermutation, .elementCountMismatch,
    .tensorTooLarge, .sizeOverflow, .coincidentalSize,
  ]

  package static let incompatibleFactors = DiagnosticCode(
    "incompatible-factors", "the inner dimensions of a matrix product differ",
    example: """
      model M {
        input x : f32[8, 128]
        param W : f32[64, 128] = zeros
        y = linear(x, W)
        output y
      }
      """)

  package static let incompatibleShapes = DiagnosticCode(
    "incompatible-shapes", "operands have shapes that cannot be brought together",
    example: """
      model M {
        input x : f32[3]
        input y : f32[4]
        z = x + y
        output z
      }
      """)

  package static let wrongElementType = DiagnosticCode(
    "wrong-element-type", "an operand has elements of a type that the operation does not take",
    example: """
      model M {
        input i : index<4>[3]
        y = tanh(i)
        output y
      }
      """)

  package static let wrongOperandCount = DiagnosticCode(
    "wrong-operand-count", "an operation is given too few or too many operands",
    example: """
      model M {
        input x : f32[3]
        y = where(x, x)
        output y
      }
      """)

  package static let axisOutOfRange = DiagnosticCode(
    "axis-out-of-range", "an operand has no such axis",
    example: """
      model M {
        input x : f32[3]
        y = sum(x, axis: 1)
        output y
      }
      """)

  package static let rangeOutOfBounds = DiagnosticCode(
    "range-out-of-bounds", "a range or a place lies outside of its axis",
    example: """
      model M {
        input x : f32[3]
        y = slice(x, 1 ..< 5, axis: 0)
        output y
      }
      """)

  package static let invalidPermutation = DiagnosticCode(
    "invalid-permutation", "the axes of a transposition are not each of the operand's axes once",
    example: """
      model M {
        input x : f32[3, 4]
        y = transpose(x, axes: [0, 0])
        output y
      }
      """)

  package static let elementCountMismatch = DiagnosticCode(
    "element-count-mismatch", "a shape asks for another number of elements than there are",
    example: """
      model M {
        input x : f32[3, 4]
        y = reshape(x, [5])
        output y
      }
      """)

  package static let tensorTooLarge = DiagnosticCode(
    "tensor-too-large", "a tensor has more than 2147483648 elements",
    example: """
      model M {
        input x : f32[65536, 65536]
        y = x + 1
        output y
      }
      """)

  package static let sizeOverflow = DiagnosticCode(
    "size-overflow", "a size does not fit into 64 bits",
    example: """
      model M {
        dim n = 2000000000
        input x : f32[n * n * n]
        y = x + 1
        output y
      }
      """)

  package static let coincidentalSize = DiagnosticCode(
    "coincidental-size", "sizes that are written differently are equal only for these dimensions",
    example: """
      model M {
        dim inputs = 4, hidden = 4
        input x : f32[2, inputs]
        param W : f32[hidden, 3] = zeros
        y = linear(x, W)
        output y
      }
      """)

}
