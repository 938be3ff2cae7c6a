import Diagnostics

extension DiagnosticCode {

  /// The codes of texts that cannot be read, and of misplaced lines.
  static let text: [DiagnosticCode] = [
    .fileTooLarge, .invalidEncoding, .unexpectedCharacter, .foreignLetter, .nameTooLong,
    .invalidNumber, .nestingTooDeep, .unexpectedToken, .unknownStatement, .unusedExpression,
    .missingModel, .textBehindModel, .misplacedStatement, .mixedForms, .missingEntry, .unknownEntry,
    .unknownPass, .duplicateSection, .noOutput, .missingField, .invalidField,
  ]

  static let fileTooLarge = DiagnosticCode(
    "file-too-large", "a file has more than 16 MiB",
    example: "// (more than 16 MiB)")

  static let invalidEncoding = DiagnosticCode(
    "invalid-utf8", "a file is not UTF-8 text",
    example: """
      // A byte that is no UTF-8: \u{FFFD}
      model M {
        input x : f32[3]
        output x
      }
      """)

  static let unexpectedCharacter = DiagnosticCode(
    "unexpected-character", "a character has no meaning in the language",
    example: """
      model M {
        input x : f32[3]
        y = x * 2;
        output y
      }
      """)

  static let foreignLetter = DiagnosticCode(
    "non-ascii-name", "a name has a letter that is not ASCII",
    example: """
      model M {
        input \u{445} : f32[3]
        y = \u{445} * 2
        output y
      }
      """)

  static let nameTooLong = DiagnosticCode(
    "name-too-long", "a name has more than 255 characters, or that of a model more than 100",
    example: "model \(String(repeating: "M", count: 256)) {\n  input x : f32\n  output x\n}")

  static let invalidNumber = DiagnosticCode(
    "invalid-number", "a number is malformed or out of range",
    example: """
      model M {
        input x : f32[3]
        y = x * 1.2.3
        output y
      }
      """)

  static let nestingTooDeep = DiagnosticCode(
    "nesting-too-deep", "parentheses, brackets, braces or signs nest deeper than 200",
    example: "model M {\n  input x : f32\n  y = \(String(repeating: "(", count: 201))x\n}")

  static let unexpectedToken = DiagnosticCode(
    "unexpected-token", "something else was expected here",
    example: """
      model M {
        input x : f32[3]
        y = (x + 1
        output y
      }
      """)

  static let unknownStatement = DiagnosticCode(
    "unknown-statement", "a line does not begin like a statement",
    example: """
      model M {
        inptu x : f32[3]
        y = x * 2
        output y
      }
      """)

  static let unusedExpression = DiagnosticCode(
    "unused-expression", "a line computes a value and does nothing with it",
    example: """
      model M {
        input x : f32[3]
        tanh(x)
        output x
      }
      """)

  static let missingModel = DiagnosticCode(
    "missing-model", "a file has no model",
    example: """
      dim n = 3
      """)

  static let textBehindModel = DiagnosticCode(
    "text-behind-model", "something stands behind the model",
    example: """
      model M {
        input x : f32[3]
        output x
      }
      model N {
      }
      """)

  static let misplacedStatement = DiagnosticCode(
    "misplaced-statement", "a statement stands in a section where it does not belong",
    example: """
      model M {
        input xs : f32[3]
        scan t in 3 {
          param W : f32 = zeros
          ys[t] = xs[t] * W
        }
        output ys
      }
      """)

  static let mixedForms = DiagnosticCode(
    "mixed-forms", "lines of an entry stand beside sections 'entry'",
    example: """
      model M {
        input x : f32[3]
        entry forward {
          input z : f32[3]
          output z
        }
      }
      """)

  static let missingEntry = DiagnosticCode(
    "missing-entry", "a section 'bind' stands without an entry",
    example: """
      model M {
        param W : f32[3] = zeros
        bind {
          V = W * 2
        }
      }
      """)

  static let unknownEntry = DiagnosticCode(
    "unknown-entry", "an entry has a name that none can have",
    example: """
      model M {
        entry forwards {
          input x : f32[3]
          output x
        }
      }
      """)

  static let unknownPass = DiagnosticCode(
    "unknown-pass", "a text names a finished pass that does not exist",
    example: """
      model M {
        passes done entries, smiplify
        entry forward {
          input x : f32[3]
          output x
        }
      }
      """)

  static let duplicateSection = DiagnosticCode(
    "duplicate-section", "a section stands twice",
    example: """
      model M {
        entry forward {
          input x : f32[3]
          output x
        }
        entry forward {
          input x : f32[3]
          output x
        }
      }
      """)

  static let noOutput = DiagnosticCode(
    "no-output", "nothing is given as an output",
    example: """
      model M {
        input x : f32[3]
        y = x * 2
      }
      """)

  static let missingField = DiagnosticCode(
    "missing-field", "a section 'train' does not say what it must",
    example: """
      model M {
        input x : f32[3]
        param W : f32[3] = ones
        y = x * W
        output y
        train {
          loss = mean(y * y)
        }
      }
      """)

  static let invalidField = DiagnosticCode(
    "invalid-field", "a field of 'train' or 'run' has a value that it cannot have",
    example: """
      model M {
        input x : f32[3]
        param W : f32[3] = ones
        y = x * W
        output y
        train {
          loss = mean(y * y)
          optimizer = sgd(lr: -1)
        }
      }
      """)

}
