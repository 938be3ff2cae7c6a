import Testing

/// A model over rows of different lengths, whose result `y` does not depend on what is beyond
/// these.
struct PaddedCase: CustomTestStringConvertible {

  let name: String
  let lines: String

  var testDescription: String { name }

  init(_ name: String, _ lines: String) {
    self.name = name
    self.lines = lines
  }

  /// The model; `x`, `z`, `words` and `tag` are read at all steps, `valid` is true within the
  /// lengths.
  var text: String {
    """
    model Padded {
      dim n = 4, batch = 4, k = 4, m = 6

      input x : f32[n, batch, k]
      input z : f32[n, batch, m]
      input words : index<m>[n, batch]
      input tag : index<m>[n, batch]
      input lengths : index<n + 1>[batch]
      input valid : bool[n, batch]

      const position : index<n + 1>[n, 1] = [[0], [1], [2], [3]]

      const least : f32 = -1e9

      param W : f32[k, m] = zeros
      param Q : f32[k, m] = zeros
      param U : f32[m, m] = zeros
      param V : f32[m, 1] = zeros
      param E : f32[m, m] = zeros
      param b : f32[m] = zeros
      param F : f32[2, 1, 2, 2] = zeros
      state h : f32[batch, m] = zeros

      keep = mask(lengths, n)
      rows = reshape(keep, [n, batch, 1])
      queries = reshape(transpose(keep), [batch, n, 1])
      keys = reshape(transpose(keep), [batch, 1, n])
      v = linear(x, W, b)
      s = reshape(linear(tanh(v), V), [n, batch])
      low = where(keep, s, -1e30)
      first = transpose(x, axes: [1, 0, 2])
      vb = linear(first, W, b)
      qb = linear(first, Q)
      scores = matmul(qb, vb, transpose_b: true) * 0.4

      \(lines)

      output y
    }
    """
  }

  /// Scans with lengths.
  static let scans: [PaddedCase] = [
    .init(
      "a plain cell",
      """
      scan t in n lengths lengths {
        h = tanh(linear(x[t], W) + linear(h, U) + b)
        hs[t] = h
      }
      y = sum(hs * hs) + sum(h)
      """),
    .init(
      "functions without a value at zero, in reverse",
      """
      scan t in n reverse lengths lengths {
        h = tanh(linear(log(x[t] * x[t]), W) + linear(h, U) / linear(x[t], Q) + sqrt(z[t] * z[t]))
        hs[t] = h * exp(z[t])
      }
      y = sum(hs) + sum(h)
      """),
    .init(
      "both directions and the largest",
      """
      use ahead = lstm(inputs: k, hidden: m)
      use back = gru(inputs: k, hidden: m)
      scan t in n lengths lengths {
        before[t] = ahead(x[t])
      }
      scan t in n reverse lengths lengths {
        after[t] = back(x[t])
      }
      both = concat(before, after, axis: 2)
      y = sum(max(both, axis: 0)) + sum(where(rows, both, 0)) + sum(ahead.c) + sum(back.h)
      """),
    .init(
      "normalised layers",
      """
      use cell = layer_norm_lstm(inputs: k, hidden: m)
      scan t in n lengths lengths {
        hs[t] = cell(x[t])
      }
      y = sum(hs * hs)
      """),
    .init(
      "layers below and above",
      """
      below = sqrt(v * v) + gather(E, words)
      scan t in n lengths lengths {
        h = tanh(below[t] + linear(h, U))
        hs[t] = linear(h, U)
      }
      y = sum(exp(hs) * hs)
      """),
    .init(
      "rows in one axis",
      """
      flat = tanh(linear(reshape(x, [n * batch, k]), W))
      below = reshape(flat, [n, batch, m])
      scan t in n lengths lengths {
        h = tanh(below[t] + linear(h, U))
      }
      y = sum(h)
      """),
    .init(
      "another axis, and a scan in a scan",
      """
      scan t in n lengths lengths {
        scan u in 3 {
          state r : f32[batch, m] = zeros
          r = tanh(r + linear(first[:, t], W) * exp(h))
        }
        h = tanh(linear(h, U) + r)
      }
      y = sum(h)
      """),
    .init(
      "a first value that is computed, and an old one",
      """
      start = sum(where(rows, v, 0), axis: 0)
      scan t in n lengths lengths {
        state c : f32[batch, m] = start
        c = c * 0.5 + linear(x[t], W)
        hs[t] = old(c) * linear(x[t], Q)
      }
      y = sum(hs) + sum(c * c)
      """),
  ]

  /// Masks without lengths of scans.
  static let masks: [PaddedCase] = [
    .init("a sum of chosen elements", "y = sum(where(rows, exp(x), 0))"),
    .init(
      "a mean over steps",
      """
      total = sum(x * f32(rows), axis: 0)
      y = sum(total / (f32(reshape(lengths, [batch, 1])) + 1))
      """),
    .init("the largest", "y = sum(max(where(rows, tanh(v), -1e30), axis: 0))"),
    .init("cross entropy", "y = cross_entropy(exp(v), tag, mask: keep)"),
    .init(
      "squared errors",
      """
      d = where(rows, tanh(v) - z, 0)
      y = sum(d * d) + sum((v - z) * (v - z) * f32(rows)) / sum(f32(rows))
      """),
    .init(
      "a split product",
      """
      i, f = split(v, 2, axis: 2)
      y = sum(where(rows, sigmoid(i) * tanh(f), 0))
      """),
    .init(
      "masks that are spelled differently",
      """
      given = reshape(valid, [n, batch, 1])
      below = reshape(position < reshape(lengths, [1, batch]), [n, batch, 1])
      y = sum(where(rows, tanh(v), 0)) + sum(where(given, exp(v), 0)) + sum(v * v * f32(below))
      """),
    .init(
      "softmax of rows", "y = sum(where(rows, softmax(v) * log_softmax(z), 0))"),
    .init(
      "images",
      """
      images = conv2d(reshape(x, [n * batch, 1, 2, 2]), F, padding: 1)
      y = sum(where(rows, tanh(reshape(images, [n, batch, 18])), 0))
      """),
    .init(
      "a loss of some steps of all",
      """
      scan t in n {
        state c : f32[batch, m] = zeros
        c = tanh(linear(x[t], W) + linear(c, U))
        cs[t] = c
      }
      y = sum(where(rows, cs * cs, 0))
      """),
    .init(
      "steps that are left out by hand",
      """
      scan t in n {
        h = where(reshape(t < lengths, [batch, 1]), tanh(linear(x[t], W) + linear(h, U)), h)
      }
      scan t in n {
        state c : f32[batch, m] = zeros
        c = tanh(linear(c, U) + f32(reshape(keep[t], [batch, 1])) * linear(x[t], W))
      }
      y = sum(h) + sum(c)
      """),
  ]

  /// Attention.
  static let attention: [PaddedCase] = [
    .init(
      "weights of steps",
      """
      w = softmax(low, axis: 0)
      y = sum(reshape(w, [n, batch, 1]) * x)
      """),
    .init(
      "exponentials by hand",
      """
      e = exp(low - max(low, axis: 0))
      y = sum(reshape(e / sum(e, axis: 0), [n, batch, 1]) * (1 / x))
      """),
    .init(
      "comparisons of steps",
      """
      below = position < reshape(lengths, [1, batch])
      w = softmax(where(not(below), -10000, s), axis: 0)
      y = sum(reshape(w, [n, batch, 1]) * log(x * x))
      """),
    .init(
      "truth values that are given",
      """
      w = softmax(where(valid, s, -1e30), axis: 0)
      p = matmul(transpose(first, axes: [0, 2, 1]), reshape(transpose(w), [batch, n, 1]))
      y = sum(p)
      """),
    .init(
      "of a sequence to itself",
      """
      c = softmax(where(keys, scores, -1e9)) @ vb
      y = sum(where(queries, c, 0)) + sum(f32(queries) * c)
      """),
    .init(
      "by addition",
      """
      a = softmax(scores + (1 - f32(keys)) * least) @ vb
      c = softmax(scores - f32(not(keys)) * 1e9) @ vb
      y = sum(where(queries, a, 0)) + sum(where(queries, c, 0))
      """),
    .init(
      "by both masks, with several heads",
      """
      heads = transpose(reshape(vb, [batch, n, 2, 3]), axes: [0, 2, 1, 3])
      both = broadcast(reshape(and(keys, queries), [batch, 1, n, n]), [batch, 2, n, n])
      a = softmax(where(both, matmul(heads, heads, transpose_b: true), -1e30))
      c = reshape(transpose(a @ heads, axes: [0, 2, 1, 3]), [batch, n, m])
      y = sum(where(queries, c, 0))
      """),
    .init(
      "in the steps of another sequence",
      """
      memory = tanh(v)
      scan t in n {
        a = softmax(where(keep, sum(memory * h, axis: 2), -1e30), axis: 0)
        h = tanh(linear(sum(reshape(a, [n, batch, 1]) * memory, axis: 0), U) + linear(h, U))
        hs[t] = h
      }
      y = sum(hs * hs)
      """),
  ]

}
