import Diagnostics
import Testing

@testable import Parsing

@Suite struct RecoveryTests {

  @Test func `all mistakes of a file are found, and nothing follows from them`() {
    let outcome = parse(
      """
      model M {
        dim n = 3, batch = 0
        input x : f32[n, batch]
        input z : f64[n]
        param W : f32[n, n] = zeross
        parm V : f32[n] = zeros
        a = x @ W
        b = tahn(z) + V
        c = (a + b
        scan t on n {
          y[t] = a[t] + unknwn
          q = tanh(y[t], y[t])
        }
        scan u in n {
          w[u] = z[u] +
        }
        d = z * nn
        e = exp(d) * c
        output y, w, e
      }
      """)
    #expect(
      outcome.summary == [
        "2:22 found 0 for dimension 'batch', expected at least 1",
        "4:13 found the type 'f64', expected 'f32', 'index<n>' or 'bool'",
        "5:25 expected 'zeros', 'ones', 'constant(...)', 'iota', 'uniform(...)', 'normal(...)', "
          + "'xavier', 'kaiming' or a literal; did you mean 'zeros'?",
        "6:3 no statement begins with 'parm'; did you mean 'param'?",
        "8:7 there is no operation 'tahn'; did you mean 'tanh'?",
        "10:3 found 'scan', expected ')'",
        "10:10 found 'on', expected 'in'",
        "11:19 'unknwn' is not defined",
        "12:9 found 2 operands of 'tanh', expected 1",
        "16:3 found '}', expected an expression",
        "17:11 'nn' is not defined; did you mean 'n'?",
      ], "\(outcome.rendered)")
  }

  @Test func `a broken line is skipped, not the file`() {
    let outcome = parse(
      """
      model M {
        input x : f32[3]
        y = add(x,
          x x,
          x)
        z = [
        w = x ** 2
        q = x + 2 2
        output = x,
        output w, w2
      }
      """)
    #expect(
      outcome.summary == [
        "4:7 found 'x', expected ')'",
        "6:7 found '[', expected an expression",
        "7:10 found '*', expected an expression",
        "8:13 found '2', expected the end of the line",
        "9:13 found ',', expected the end of the line",
        "10:13 'w2' is not defined",
      ], "\(outcome.rendered)")
  }

  @Test func `positions count characters`() {
    let outcome = parse(
      "model M {\n  // caf\u{E9} \u{1F600}\n  input x : f32[3]\n\ty = x\u{D7}2\n}")
    #expect(outcome.summary == ["4:7 found the character '\u{D7}' (U+00D7), expected '*'"])
    #expect(outcome.diagnostics.first?.fixIts.first?.replacement == "*")
  }

  @Test func `look-alikes are named, and the name is taken as it was meant`() {
    let outcome = parse(
      """
      model M {
        param W_\u{445}h : f32[3] = zeros
        y = W_xh * 2
        z = \u{FF59} + W_xh
        \u{3B2} = z * 2
        output \u{3B2}
      }
      """)
    #expect(
      outcome.summary == [
        "2:9 the name has the character '\u{445}' (U+0445); it looks like the ASCII 'x'",
        "4:7 the name has the character '\u{FF59}' (U+FF59); it looks like the ASCII 'y'",
        "5:3 the name has the character '\u{3B2}' (U+03B2); names are made of ASCII letters, digits "
          + "and '_'",
        "6:10 the name has the character '\u{3B2}' (U+03B2); names are made of ASCII letters, digits "
          + "and '_'",
      ], "\(outcome.rendered)")
    #expect(outcome.diagnostics.first?.fixIts.first?.replacement == "W_xh")
  }

  @Test func `invisible and reordering characters are reported`() {
    let outcome = parse(
      "model M {\n  // a \u{202E} b\n  input x\u{200B}y : f32\n  output xy\u{0}\n}")
    #expect(
      outcome.summary == [
        "2:8 the character U+202E has no meaning here",
        "3:9 the name has the character U+200B; it is invisible",
        "4:12 the character U+0000 has no meaning here",
      ], "\(outcome.rendered)")
  }

  @Test func `an operand's declaration is shown with its sizes`() {
    let outcome = parse(
      """
      model M {
        dim inputs = 64, hidden = 128
        input x : f32[8, hidden]
        param W : f32[inputs, hidden] = zeros
        y = linear(x, W)
        output y
      }
      """)
    #expect(
      outcome.rendered == """
        test.graph:5:7: error: cannot multiply 'f32[8, hidden]' by 'f32[inputs, hidden]' \
        [incompatible-factors]
            y = linear(x, W)
                ~~~~~~~~~~~~
        test.graph:4:9: note: 'W' has type 'f32[inputs, hidden]' and is declared here \
        (inputs = 64, hidden = 128)
            param W : f32[inputs, hidden] = zeros
                  ^

        """)
  }

  @Test(arguments: [
    ("y = x * z\n z = x + 1", "'z' is read before it is defined"),
    ("y = add(x)", "found 1 operand of 'add', expected 2"),
    ("y = softmax(x, axes: 0)", "'softmax' has no argument 'axes'; did you mean 'axis'?"),
    ("y = x < 1 < 2", "comparisons cannot be chained; write 'and(a < b, b < c)'"),
    ("y = concat(x, x)", "'concat' needs the argument 'axis: ...'"),
    ("y = x * n", "'n' is a dimension, expected a value"),
    ("y = x[5]", "place 5 is out of range for an axis of 'n' (3)"),
    ("y = x[0, 0]", "found 2 subscripts of 'f32[n]'"),
    ("y = linear([x], [])", "found 0 weights for 1 part"),
    ("y = max(x, x, axis: 0)", "'max' of two operands has no argument 'axis'"),
    ("y = old(x)", "'x' is not a state that changes here"),
    ("y = i == x", "found 'f32[n]' compared with 'index<4>[n]', expected indices or an integer"),
    ("y = i == 1.5", "found 'f32' compared with 'index<4>[n]', expected indices or an integer"),
    ("y = x[]", "found nothing in brackets, expected an axis"),
    ("y = 1e39", "the number '1e39' is out of range"),
    ("y = 3.4028236e38", "the number '3.4028236e38' is out of range"),
    ("y = 99999999999999999999", "the number '99999999999999999999' is out of range"),
    ("y = 1 .. 2", "the character '.' (U+002E) has no meaning here"),
    ("use a = lstm()\n y = x", "no cell is called 'lstm'"),
  ])
  func `messages say what is wrong`(_ line: String, _ message: String) {
    let outcome = parse(
      "model M {\n dim n = 3\n input x : f32[n]\n input i : index<4>[n]\n \(line)\n output y\n}")
    #expect(outcome.diagnostics.first?.message == message, "\(outcome.rendered)")
    let errors = outcome.diagnostics.filter { $0.severity == .error }
    #expect(Set(errors.map { $0.span.range.lowerBound }).count <= 2, "\(outcome.rendered)")
  }

}
