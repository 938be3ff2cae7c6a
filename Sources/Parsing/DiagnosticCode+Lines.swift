import Diagnostics

extension DiagnosticCode {

  /// The codes of operations, scans and what is not used.
  static let lines: [DiagnosticCode] = [
    .unknownOperation, .unknownLabel, .duplicateLabel, .missingLabel, .invalidAttribute,
    .resultCount, .indivisibleSplit, .originWithoutNode, .invalidPlace, .stepOutOfRange,
    .elementOutsideScan, .missingElement, .missingInBody, .remainder, .lengthsBySteps,
    .wrongLengths, .unassignedState, .unusedDimension, .unusedParameter, .unusedConstant,
    .unusedInput, .unusedState, .unusedValue, .broadcastLoss,
  ]

  static let broadcastLoss = DiagnosticCode(
    "broadcast-loss", "a loss repeats values along axes, which is seldom meant",
    example: """
      model M {
        dim batch = 4
        input x : f32[batch, 3]
        label goal : f32[batch]
        param W : f32[3, 1] = zeros
        y = linear(x, W)
        output y
        train {
          loss = mse(y, goal)
          optimizer = sgd(lr: 0.1)
        }
      }
      """)

  static let unknownOperation = DiagnosticCode(
    "unknown-operation", "an operation does not exist",
    example: """
      model M {
        input x : f32[3]
        y = tahn(x)
        output y
      }
      """)

  static let unknownLabel = DiagnosticCode(
    "unknown-label", "an operation has no argument with this label",
    example: """
      model M {
        input x : f32[3]
        y = softmax(x, axes: 0)
        output y
      }
      """)

  static let duplicateLabel = DiagnosticCode(
    "duplicate-label", "an argument is given twice",
    example: """
      model M {
        input x : f32[3]
        y = softmax(x, axis: 0, axis: 0)
        output y
      }
      """)

  static let missingLabel = DiagnosticCode(
    "missing-label", "an argument with a label is missing",
    example: """
      model M {
        input x : f32[3]
        y = concat(x, x)
        output y
      }
      """)

  static let invalidAttribute = DiagnosticCode(
    "invalid-attribute", "an argument is of the wrong kind",
    example: """
      model M {
        input x : f32[3]
        y = softmax(x, axis: 0.5)
        output y
      }
      """)

  static let resultCount = DiagnosticCode(
    "result-count", "a line takes another number of values than there are",
    example: """
      model M {
        input x : f32[6]
        a, b = split(x, 3, axis: 0)
        y = a + b
        output y
      }
      """)

  static let indivisibleSplit = DiagnosticCode(
    "indivisible-split", "an axis cannot be split into equal parts",
    example: """
      model M {
        input x : f32[5]
        a, b = split(x, 2, axis: 0)
        y = a + b
        output y
      }
      """)

  static let originWithoutNode = DiagnosticCode(
    "origin-without-node", "a line that computes nothing has an origin",
    example: """
      model M {
        input x : f32[3]
        y = x from z
        output y
      }
      """)

  static let invalidPlace = DiagnosticCode(
    "invalid-place", "the place in brackets is neither a number nor a step",
    example: """
      model M {
        dim n = 3
        input x : f32[n]
        y = x[n - 1] * 2
        output y
      }
      """)

  static let stepOutOfRange = DiagnosticCode(
    "step-out-of-range", "the place in brackets is outside of the steps that a body does",
    example: """
      model M {
        input xs : f32[4]
        scan t in 4 {
          ys[t] = xs[t + 1]
        }
        output ys
      }
      """)

  static let elementOutsideScan = DiagnosticCode(
    "element-outside-scan", "an element is assigned outside of a scan",
    example: """
      model M {
        input x : f32[3]
        ys[0] = x * 2
        output x
      }
      """)

  static let missingElement = DiagnosticCode(
    "missing-element", "a body does not assign an element for each of its steps",
    example: """
      model M {
        input xs : f32[4]
        scan t in 4 by 2 {
          ys[t] = xs[t] + xs[t + 1]
        } remainder {
          ys[t] = xs[t]
        }
        output ys
      }
      """)

  static let missingInBody = DiagnosticCode(
    "missing-in-body", "one of the two bodies of a scan does not assign what the other does",
    example: """
      model M {
        input xs : f32[4]
        scan t in 4 by 2 {
          ys[t] = xs[t]
          ys[t + 1] = xs[t + 1]
          zs[t] = xs[t]
          zs[t + 1] = xs[t + 1]
        } remainder {
          ys[t] = xs[t]
        }
        output ys, zs
      }
      """)

  static let remainder = DiagnosticCode(
    "remainder", "a second body is missing, or stands where there are no steps left",
    example: """
      model M {
        input xs : f32[4]
        scan t in 4 by 2 {
          ys[t] = xs[t]
          ys[t + 1] = xs[t + 1]
        }
        output ys
      }
      """)

  static let lengthsBySteps = DiagnosticCode(
    "lengths-by-steps", "a scan with lengths does several steps at once",
    example: """
      model M {
        dim batch = 2, num_steps = 4
        input n : index<num_steps + 1>[batch]
        input xs : f32[num_steps, batch]
        scan t in num_steps by 2 lengths n {
          ys[t] = xs[t]
          ys[t + 1] = xs[t + 1]
        } remainder {
          ys[t] = xs[t]
        }
        output ys
      }
      """)

  static let wrongLengths = DiagnosticCode(
    "wrong-lengths", "the lengths do not fit what a scan carries and stacks",
    example: """
      model M {
        dim batch = 2, num_steps = 4
        input n : index<num_steps>[batch]
        input xs : f32[num_steps, batch]
        scan t in num_steps lengths n {
          ys[t] = xs[t] * 2
        }
        output ys
      }
      """)

  static let unassignedState = DiagnosticCode(
    "unassigned-state", "a state is carried on and never assigned",
    example: """
      model M {
        carried state h : f32[3] = ones
        y = h * 2
        output y
      }
      """)

  static let unusedDimension = DiagnosticCode(
    "unused-dimension", "nothing uses a dimension",
    example: """
      model M {
        dim n = 3
        input x : f32[3]
        output x
      }
      """)

  static let unusedParameter = DiagnosticCode(
    "unused-parameter", "nothing uses a parameter",
    example: """
      model M {
        param W : f32[3] = zeros
        input x : f32[3]
        output x
      }
      """)

  static let unusedConstant = DiagnosticCode(
    "unused-constant", "nothing uses a constant",
    example: """
      model M {
        const X : f32[3] = zeros
        input x : f32[3]
        output x
      }
      """)

  static let unusedInput = DiagnosticCode(
    "unused-input", "nothing uses an input",
    example: """
      model M {
        input x : f32[3]
        input z : f32[3]
        output x
      }
      """)

  static let unusedState = DiagnosticCode(
    "unused-state", "nothing uses a state",
    example: """
      model M {
        state h : f32[3] = zeros
        input x : f32[3]
        output x
      }
      """)

  static let unusedValue = DiagnosticCode(
    "unused-value", "nothing uses a value",
    example: """
      model M {
        input x : f32[3]
        y = x * 2
        output x
      }
      """)

}
