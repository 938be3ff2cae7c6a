import IR
import Testing

@testable import Parsing

@Suite struct ExpressionTests {

  private func lines(_ expression: String) -> String {
    canonical(
      """
      input a : f32[4, 4]
      input b : f32[4, 4]
      input c : f32[4, 4]
      input i : index<5>[4]
      _used = a + b + c * f32(i)
      y = \(expression)
      output y
      """
    ).split(separator: "\n").dropFirst(4).dropLast().joined(separator: "\n")
  }

  @Test(arguments: [
    ("a + b * c", "mul = mul(b, c) from y\ny = add(a, mul)"),
    ("a * b + c", "mul_2 = mul(a, b) from y\ny = add(mul_2, c)"),
    ("a - b - c", "sub = sub(a, b) from y\ny = sub(sub, c)"),
    ("a / b * c", "div = div(a, b) from y\ny = mul(div, c)"),
    ("a @ b + c", "matmul = matmul(a, b) from y\ny = add(matmul, c)"),
    ("a * b @ c", "mul_2 = mul(a, b) from y\ny = matmul(mul_2, c)"),
    ("-a * b", "neg = neg(a) from y\ny = mul(neg, b)"),
    ("-a[0] + b", "neg = neg(a[0]) from y\ny = add(neg, b)"),
    ("(a + b) * c", "add_2 = add(a, b) from y\ny = mul(add_2, c)"),
    (
      "a + b < c * 2",
      "add_2 = add(a, b) from y\nmul_2 = mul(c, 2) from y\ny = less(add_2, mul_2)"
    ),
    ("a == b", "y = equal(a, b)"),
    ("a != b", "y = not_equal(a, b)"),
    ("a <= b", "y = less_equal(a, b)"),
    ("a >= b", "y = greater_equal(a, b)"),
    ("a > -1.5e-3", "y = greater(a, -0.0015)"),
    ("i == 3", "y = equal(i, 3)"),
    ("- -a", "neg = neg(a) from y\ny = neg(neg)"),
  ])
  func `operators bind as in arithmetic`(_ written: String, _ expected: String) {
    let found = lines(written)
    // The names of other lines differ; what counts is the order and the operands.
    #expect(normalized(found) == normalized(expected), "\(found)")
  }

  /// Returns `text` without the numbers that make names unique.
  private func normalized(_ text: String) -> String {
    var result = text
    for name in ["mul", "add", "sub"] {
      for n in 1...3 { result = result.replacing("\(name)_\(n)", with: name) }
    }
    return result
  }

  @Test(arguments: [
    ("max(a, b)", "y = max(a, b)"),
    ("max(a)", "y = max(a, axis: [0, 1])"),
    ("sum(a)", "y = sum(a)"),
    ("sum(a, axis: -1)", "y = sum(a, axis: 1)"),
    ("mean(a, axis: [1, 0], keepdims: true)", "y = mean(a, keepdims: true)"),
    ("softmax(a)", "y = softmax(a, axis: 1)"),
    ("log_softmax(a, axis: 0)", "y = log_softmax(a, axis: 0)"),
    ("argmax(a)", "y = argmax(a, axis: 1)"),
    ("transpose(a)", "y = transpose(a)"),
    ("transpose(a, axes: [0, -1])", "y = transpose(a, axes: [0, 1])"),
    ("reshape(a, [2, 2 * 4])", "y = reshape(a, [2, 8])"),
    ("stack(a, b, axis: -1)", "y = stack(a, b, axis: 2)"),
    ("concat(a, b, c, axis: 1)", "y = concat(a, b, c, axis: 1)"),
    ("a[1 ..< 3]", "y = slice(a, 1 ..< 3, axis: 0)"),
    ("a[:, 1 ..< 3]", "y = slice(a, 1 ..< 3, axis: 1)"),
    ("tanh(a[:, 2])", "y = tanh(a[:, 2])"),
    ("tanh(a[1, 2])", "y = tanh(a[1][2])"),
    ("slice(a, 0 ..< 2, axis: 1)", "y = slice(a, 0 ..< 2, axis: 1)"),
    ("matmul(a, b, transpose_a: true)", "y = matmul(a, b, transpose_a: true)"),
    ("where(a < b, a, 0)", "less = less(a, b) from y\ny = where(less, a, 0)"),
    ("one_hot(i)", "y = one_hot(i)"),
    ("mask(i, 4)", "y = mask(i, 4)"),
    ("f32(i)", "y = f32(i)"),
    ("not(a < b)", "less = less(a, b) from y\ny = not(less)"),
    (
      "and(a < b, b < c)",
      "less = less(a, b) from y\nless_1 = less(b, c) from y\ny = and(less, less_1)"
    ),
    ("linear(a, b)", "y = linear(a, b)"),
    ("linear([a], b, c[0])", "y = linear(a, b, c[0])"),
    ("linear([a, b], [b, c], start: a)", "y = linear([a, b], [b, c], start: a)"),
    ("exp(a) from p, layer0.q", "y = exp(a) from p, layer0.q"),
    ("(a\n  + b *\n c)", "mul = mul(b, c) from y\ny = add(a, mul)"),
    ("a +\n  b", "y = add(a, b)"),
    ("add(a,\n  b)", "y = add(a, b)"),
  ])
  func `operations are read and written in one form`(_ written: String, _ expected: String) {
    let found = lines(written)
    #expect(normalized(found) == normalized(expected), "\(found)")
  }

  @Test func `parts of a product are gathered and feed ranges of columns`() {
    let found = canonical(
      """
      dim n = 4
      input tokens : index<5>[2]
      input h : f32[2, n]
      param W : f32[5, 3 * n] = zeros
      param V : f32[n, n] = zeros
      x = one_hot(tokens)
      y = linear([gather x to 0 ..< 3 * n, h to 3 * n ..< n * 4], [W, V])
      output y
      """)
    #expect(
      found == """
        x = one_hot(tokens)
        y = linear([gather x to 0 ..< 3 * n, h to 3 * n ..< 4 * n], [W, V])
        output y
        """)
  }

  @Test func `split makes slices whose sizes stay symbolic`() {
    let found = canonical(
      """
      dim n = 4
      input x : f32[2, 2 * n]
      a, b = split(x, 2, axis: -1)
      y = a * b
      output y
      """)
    #expect(
      found == """
        a = slice(x, 0 ..< n, axis: 1)
        b = slice(x, n ..< 2 * n, axis: 1)
        y = mul(a, b)
        output y
        """)
  }

  @Test func `another name of a value makes no node`() {
    let found = canonical(
      """
      input x : f32[3, 4]
      a = x
      b = a[0]
      output y = b + 1
      output z = b
      """)
    #expect(
      found == """
        y = add(x[0], 1)
        output y
        output z = x[0]
        """)
  }

  @Test func `words of the grammar are names`() {
    let found = canonical(
      """
      dim dim = 3, by = 2
      input input : f32[dim, by]
      param in : f32[by, dim] = zeros
      param param : f32[dim] = zeros
      state state : f32[dim, dim] = zeros
      to = linear(input, in)
      gather = to + param
      scan = state + gather
      output = scan * 2
      from = exp(output) from output, from
      state = tanh(from) from from
      output from
      """)
    #expect(
      found == """
        to = linear(input, in)
        gather = add(to, param)
        scan = add(state, gather)
        output = mul(scan, 2)
        from = exp(output) from output, from
        state = tanh(from) from from
        output from
        """, "\(found)")
  }

  /// The nearest number of double precision lies between two of single precision, or on the way to
  /// infinity; which of them is nearer, only the text says.
  @Test(arguments: [
    ("1.00000005960464484", 0x1.000002p0), ("8388609.49999999999999999", 8_388_609),
    ("16777217.0000000001", 16_777_218), ("7.00649232162408535461864791645e-46", 0x1p-149),
    ("3.40282356779733661637e38", 0x1.fffffep127),
  ])
  func `numbers are rounded once`(_ text: String, _ expected: Float) throws {
    let outcome = parse(
      """
      model M {
        const c : f32[1] = [\(text)]
        param p : f32 = constant(-\(text))
        output y = c * p * \(text)
      }
      """)
    #expect(outcome.rendered == "")
    let module = try #require(outcome.module)
    let numbers = module.entries[0].graph.nodes.compactMap { node -> Number? in
      if case .source(.number(let x)) = node.op { x } else { nil }
    }
    #expect(numbers.map { Float($0.value) } == [expected])
    let number = Number(Double(expected))
    #expect(module.constants[ID(0)].initial == .literal([number]))
    #expect(module.parameters[ID(0)].initial == .constant(.number(Number(-number.value))))
    #expect(outcome.text.map { parse($0).text } == outcome.text)
  }

}
