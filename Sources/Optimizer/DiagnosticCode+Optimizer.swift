import Diagnostics

extension DiagnosticCode {

  /// The codes of what passes are asked for and cannot do.
  package static let optimizer: [DiagnosticCode] = [.noStep, .tooManySteps, .noGradient]

  package static let noStep = DiagnosticCode(
    "no-step", "the entry 'step' is asked for, but the model cannot be computed step by step",
    example: """
      model M {
        dim steps = 4
        input x : f32[steps, 3]
        state h : f32[3] = zeros
        scan t in steps reverse {
          h = tanh(x[t] + h)
        }
        output h
      }
      """)

  package static let noGradient = DiagnosticCode(
    "no-gradient", "a gradient is asked for that does not exist",
    example: """
      // grad --of y --by i
      model M {
        input x : f32[3]
        input i : index<3>
        y = sum(x * f32(i))
        output y
      }
      """)

  package static let tooManySteps = DiagnosticCode(
    "too-many-steps", "a scan has more steps than can be written one by one",
    example: """
      model M {
        dim steps = 1000
        input x : f32[steps, 3]
        state h : f32[3] = zeros
        scan t in steps {
          h = tanh(x[t] + h)
        }
        output h
      }
      """)

}
