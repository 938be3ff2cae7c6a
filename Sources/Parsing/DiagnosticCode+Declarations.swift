import Diagnostics

extension DiagnosticCode {

  /// The codes of names, sizes and declarations.
  static let declarations: [DiagnosticCode] = [
    .unknownName, .usedBeforeDefinition, .usedOutsideScope, .duplicateName, .notAValue,
    .notAssignable, .assignedTwice, .notAState, .typeMismatch, .unknownDimension, .fixedDimension,
    .impossibleSize, .notASize, .notANumber, .tooManyAxes, .invalidType, .literalShape,
    .unknownInitialiser, .invalidInitialiser,
  ]

  static let unknownName = DiagnosticCode(
    "unknown-name", "a name has no meaning here",
    example: """
      model M {
        input tokens : f32[3]
        y = tokns * 2
        output y
      }
      """)

  static let usedBeforeDefinition = DiagnosticCode(
    "used-before-definition", "a value is read before the line that defines it",
    example: """
      model M {
        input x : f32[3]
        z = y + x
        y = x * 2
        output z
      }
      """)

  static let usedOutsideScope = DiagnosticCode(
    "used-outside-scope", "a value is read outside of the scan or the entry that defines it",
    example: """
      model M {
        input xs : f32[3]
        scan t in 3 {
          y = xs[t] * 2
          ys[t] = y
        }
        output y
      }
      """)

  static let duplicateName = DiagnosticCode(
    "duplicate-name", "a name has a meaning already",
    example: """
      model M {
        input x : f32[3]
        y = x * 2
        y = x * 3
        output y
      }
      """)

  static let notAValue = DiagnosticCode(
    "not-a-value", "something that is no value stands where one is needed",
    example: """
      model M {
        dim n = 3
        input x : f32[n]
        y = x * n
        output y
      }
      """)

  static let notAssignable = DiagnosticCode(
    "not-assignable", "a line assigns something other than a new name or a state",
    example: """
      model M {
        input x : f32[3]
        x = x * 2
        output x
      }
      """)

  static let assignedTwice = DiagnosticCode(
    "assigned-twice", "a state or an element is assigned twice",
    example: """
      model M {
        input x : f32[3]
        state h : f32[3] = zeros
        h = h + x
        h = h * 2
        output h
      }
      """)

  static let notAState = DiagnosticCode(
    "not-a-state", "'old' is given something other than a state",
    example: """
      model M {
        input x : f32[3]
        y = old(x)
        output y
      }
      """)

  static let typeMismatch = DiagnosticCode(
    "type-mismatch", "a value does not have the declared type",
    example: """
      model M {
        input x : f32[3]
        state h : f32[4] = zeros
        h = x * 2
        output h
      }
      """)

  static let unknownDimension = DiagnosticCode(
    "unknown-dimension", "a dimension that is given on the command line does not exist",
    example: """
      // --dim hiden=4
      model M {
        dim hidden = 3
        input x : f32[hidden]
        output x
      }
      """)

  static let fixedDimension = DiagnosticCode(
    "fixed-dimension", "a dimension is changed after a pass has used its value",
    example: """
      // --dim n=4
      model M {
        dim n = 3
        passes done entries, unroll
        entry forward {
          input x : f32[n]
          output x
        }
      }
      """)

  static let impossibleSize = DiagnosticCode(
    "impossible-size", "a size is zero, negative or too large",
    example: """
      model M {
        dim batch = 0
        input x : f32[batch, 3]
        output x
      }
      """)

  static let notASize = DiagnosticCode(
    "not-a-size", "a size is something other than a whole number made of dimensions",
    example: """
      model M {
        dim n = 3.5
        input x : f32[n]
        output x
      }
      """)

  static let notANumber = DiagnosticCode(
    "not-a-number", "a number is something other than a finite one made of dimensions",
    example: """
      model M {
        dim n = 3
        param W : f32[n] = constant(1 / (n - 3))
        output W
      }
      """)

  static let tooManyAxes = DiagnosticCode(
    "too-many-axes", "a tensor has more than 8 axes",
    example: """
      model M {
        input x : f32[1, 1, 1, 1, 1, 1, 1, 1, 1]
        output x
      }
      """)

  static let invalidType = DiagnosticCode(
    "invalid-type", "a type is unknown or cannot be used here",
    example: """
      model M {
        input x : f64[3]
        output x
      }
      """)

  static let literalShape = DiagnosticCode(
    "literal-shape", "a literal does not have the declared shape",
    example: """
      model M {
        const X : f32[3, 1] = [0, 1, 2]
        output X
      }
      """)

  static let unknownInitialiser = DiagnosticCode(
    "unknown-initialiser", "an initial value is of no known kind",
    example: """
      model M {
        param W : f32[3] = zeroes
        output W
      }
      """)

  static let invalidInitialiser = DiagnosticCode(
    "invalid-initialiser", "an initial value is impossible for what it is given to",
    example: """
      model M {
        const X : f32[3] = normal(std: 1)
        output X
      }
      """)

}
