import Diagnostics

extension DiagnosticCode {

  /// The codes of cells and conventions.
  static let cells: [DiagnosticCode] = [
    .unknownCell, .foreignParameters, .nothingCarried, .expansionTooLong, .computedStart,
    .invalidConvention, .unusedCell,
  ]

  static let unknownCell = DiagnosticCode(
    "unknown-cell", "no cell, or no use of one, has this name",
    example: """
      model M {
        dim batch = 2
        input x : f32[batch, 3]
        use layer = lsmt(inputs: 3, hidden: 4)
        output y = layer(x)
      }
      """)

  static let foreignParameters = DiagnosticCode(
    "foreign-parameters", "parameters are shared with a use that is made otherwise",
    example: """
      cell scale(width) {
        input x : f32[width]
        param w : f32[width] = ones
        output y = w * x
      }

      model M {
        input x : f32[3]
        input z : f32[4]
        use a = scale(width: 3)
        use b = scale(width: 4) with parameters of a
        p = a(x)
        q = b(z)
        output p, q
      }
      """)

  static let nothingCarried = DiagnosticCode(
    "nothing-carried", "a use is carried whose cell has no states",
    example: """
      cell double(width) {
        input x : f32[width]
        output y = 2 * x
      }

      model M {
        input x : f32[3]
        use twice = double(width: 3) carried
        y = twice(x)
        output y
      }
      """)

  static let expansionTooLong = DiagnosticCode(
    "expansion-too-long", "the calls of uses become too many lines",
    example: "// (more than \(CellExpander.longestExpansion) lines)")

  static let computedStart = DiagnosticCode(
    "computed-start", "a carried state starts with a value that lines compute",
    example: """
      model M {
        input x : f32[3]
        carried state h : f32[3] = 2 * x
        scan t in 4 {
          h = h + x
        }
        output h
      }
      """)

  static let invalidConvention = DiagnosticCode(
    "invalid-convention", "the equation of a convention cannot be solved",
    example: """
      model M {
        input x : f32[3]
        param w : f32[3] = ones
        y = w * x
        output y
        convention other {
          weight = w * 2
        }
      }
      """)

  static let unusedCell = DiagnosticCode(
    "unused-cell", "nothing uses a cell, or nothing calls its use",
    example: """
      cell double(width) {
        input x : f32[width]
        output y = 2 * x
      }

      model M {
        input x : f32[3]
        output x
      }
      """)

}
