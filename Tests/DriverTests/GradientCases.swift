import Testing

/// A model whose gradients are checked.
struct GradientCase: CustomTestStringConvertible {

  let name: String
  let text: String

  var testDescription: String { name }

  /// Creates the model with `text`.
  init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }

  /// Creates a model of one or a few lines that yield `y`.
  init(_ lines: String) {
    self.init(
      lines,
      """
      model M {
        dim n = 3, m = 4

        input x : f32[n, m]
        input z : f32[n, m]
        input k : f32[n, 1]
        input s : f32
        input v : f32[m]
        input q : f32[2, 1, n, m]
        input i : index<m>[n]
        input j : index<n>[2, 5]
        input c : bool[n, m]
        input d : bool[n]
        input o : index<n>

        param b : f32[m]       = zeros
        param W : f32[m, 2]    = zeros
        param U : f32[2, m]    = zeros
        param V : f32[2 * m, 5] = zeros
        param E : f32[n, 2]    = zeros
        param F : f32[m, m]    = zeros
        param R : f32[5, m, 2] = zeros

        \(lines)

        output y
      }
      """)
  }

  /// One for each operation and each of its forms.
  static let operations: [GradientCase] =
    [
      "y = -x", "y = exp(x)", "y = log(x * x + 1)", "y = sqrt(x * x + 1)", "y = abs(x)",
      "y = tanh(x)", "y = sigmoid(x)", "y = relu(x)", "y = flush(x) * x",
      "y = x + z", "y = x + b", "y = k + x", "y = x + s", "y = s + s",
      "y = x - z", "y = b - x", "y = x - k", "y = s - x",
      "y = x * z", "y = x * b", "y = k * x", "y = x * s", "y = b * k", "y = x * x",
      "y = x / (z * z + 1)", "y = b / (x * x + 1)", "y = x / (k * k + 1)", "y = x / (s * s + 1)",
      "y = max(x, z)", "y = max(x, b)", "y = min(x, z)", "y = min(k, x)", "y = max(x, x)",
      "y = min(max(x, -0.5), 0.5)", "y = log(abs(x) + 1) / (abs(z) + 1)",
      "y = where(c, x, z)", "y = where(x > z, x * b, k)", "y = where(d, s, 0) * s",
      "y = where(and(not(c), or(c, x > 0)), x, z * z)",
      "y = where(x <= z, x, k)", "y = where(x < s, z, x * x) * f32(x >= k)",
      "y = where(i == 1, s, v[0])", "y = where(i != o, s * s, s)",
      "y = f32(x > z) * x", "y = f32(i) * v[0]", "y = f32(c) * x",
      "y = softmax(x)", "y = softmax(x, axis: 0)", "y = log_softmax(x)",
      "y = log_softmax(x, axis: 0)",
      "y = sum(x)", "y = sum(x * z, axis: 0)", "y = sum(x, axis: 1, keepdims: true) * z",
      "y = sum(q, axis: [1, 3])", "y = sum(s) * s",
      "y = mean(x * z)", "y = mean(x, axis: 1)", "y = mean(q, axis: [0, 2], keepdims: true)",
      "y = max(x * z, axis: [0, 1])", "y = max(x, axis: 1)", "y = max(x, axis: 0, keepdims: true)",
      "y = max(concat(x, x, axis: 1), axis: 1)",
      "y = gather(F, argmax(x)) * z", "y = gather(E, j)", "y = gather(v, i)", "y = gather(E, o)",
      "y = linear(one_hot(i), W)", "y = one_hot(i) * x", "y = one_hot(i) @ W",
      "y = concat(one_hot(i), x, axis: 1)",
      "y = x @ W", "y = matmul(x, U, transpose_b: true)", "y = matmul(x, z, transpose_a: true)",
      "y = matmul(W, x, transpose_a: true, transpose_b: true)",
      "y = q @ W", "y = matmul(q, R)", "y = matmul(R, q, transpose_a: true, transpose_b: true)",
      "y = matmul(q, U, transpose_b: true)", "y = matmul(one_hot(i), U, transpose_b: true)",
      "y = linear(x, W)", "y = linear(x, F, b)", "y = linear(v, F, b)", "y = linear(q, W)",
      "y = linear([x, z], V)", "y = linear([x, one_hot(i)], V)",
      "y = linear([gather one_hot(i), x], V)",
      "y = linear([x, one_hot(i)], [W, F[:, 0 ..< 2]], b[0 ..< 2])",
      "y = linear([x to 0 ..< 2, z to 1 ..< 4], [W, V[0 ..< m, 0 ..< 3]], b)",
      "y = linear(x, F, start: z)", "y = linear(x, F, b, start: x)",
      "y = concat(x, z, k, axis: 1)", "y = concat(x, z, axis: 0) * b",
      "a, e = split(x, 2, axis: 1)\n  y = a * e",
      "y = slice(x, 1 ..< 3, axis: 1)", "y = x[0 ..< 2] * x[1 ..< 3]",
      "y = slice(x, 0 ..< 2, axis: 0) + x[2]",
      "y = x[0]", "y = x[:, 1] * x[2, 3]", "y = x[0] * x[1] + x[2]",
      "y = stack(x, z, axis: 1)", "y = stack(s, s * s, axis: 0)",
      "y = transpose(x)", "y = transpose(q, axes: [2, 0, 3, 1])",
      "y = reshape(x, [2, 6])", "y = reshape(s, [1, 1]) * x",
      "y = f32(mask(o, n)) * v[0]",
      "y = detach(x) * x", "y = broadcast(b, [2, n, m])", "y = broadcast(s, [2]) * s",
      "y = broadcast(k, [n, m]) * x",
      "y = cross_entropy(x, i)", "y = cross_entropy(x, i, mask: d) * s",
      "y = cross_entropy(v, i[0])", "y = cross_entropy(x, i, mask: and(d, not(d)))",
      "y = cross_entropy_gradient(x, i)", "y = cross_entropy_gradient(x, i, mask: d)",
      "y = weight_gradient(x, z)", "y = weight_gradient(one_hot(i), x)",
      "y = weight_gradient(v, b)",
      "y = weight_gradient(q, q)",
      "y = scatter_add(gather(E, j), j, n)", "y = scatter_add(x, i, m)", "y = scatter_add(v, o, n)",
      "y = mse(x, z)", "y = mse(x, b)",
      "y = dropout(x * z, rate: 0.4, site: 2, seed: 7, update: o, step: 1)",
    ].map { GradientCase($0) } + images

  /// Operations on images.
  private static let images: [GradientCase] = [
    "y = conv2d(x, W, b)", "y = conv2d(x, W, stride: 2, padding: 1)",
    "y = conv2d(x, x, padding: 2)", "y = conv2d(transpose(x, axes: [1, 0, 3, 2]), V)",
    "y = conv2d_input_gradient(d, W, [5, 6])",
    "y = conv2d_input_gradient(e, W, [5, 6], stride: 2, padding: 1)",
    "y = conv2d_weight_gradient(x, d, [2, 3])",
    "y = conv2d_weight_gradient(x, e, [2, 3], stride: 2, padding: 1)",
    "y = max_pool2d(x * x, size: 2)", "y = max_pool2d(x, size: 3, stride: 1) * s",
    "y = max_pool2d_gradient(x, p * p, size: 2)", "y = max_pool2d_choice(x, z * s, size: 2)",
    "y = max_pool2d(relu(conv2d(x, W, b)), size: 2, stride: 1)",
    "y = flatten(x * s)",
  ].map { lines in
    GradientCase(
      lines,
      """
      model M {
        dim n = 2
        input x : f32[n, 2, 5, 6]
        input z : f32[n, 2, 5, 6]
        input d : f32[n, 3, 4, 4]
        input e : f32[n, 3, 3, 3]
        input p : f32[n, 2, 2, 3]
        input s : f32
        param W : f32[3, 2, 2, 3] = zeros
        param V : f32[4, n, 3, 3] = zeros
        param b : f32[3]          = zeros
        \(lines)
        output y
      }
      """)
  }

}

extension GradientCase {

  /// Models with scans.
  static let scans: [GradientCase] = [
    GradientCase(
      "images in a scan",
      """
      model M {
        dim n = 3, b = 2
        input x : f32[n, b, 1, 4, 4]
        param W : f32[1, 1, 3, 3] = zeros
        param c : f32[1]          = zeros
        state h : f32[b, 1, 4, 4] = zeros
        scan t in n {
          h = tanh(conv2d(h, W, c, padding: 1) + x[t])
          y[t] = max_pool2d(h, size: 2)
        }
        output y
      }
      """),
    GradientCase(
      "dropout in a scan",
      """
      model M {
        dim n = 4, b = 2, m = 3
        input x    : f32[n, b, m]
        input seed : index<9>
        param W    : f32[m, m] = zeros
        state h    : f32[b, m] = zeros
        scan t in n {
          h = tanh(linear(dropout(h, rate: 0.5, site: 1, seed: seed, update: 2, step: t), W) + x[t])
          y[t] = dropout(h, rate: 0.2, site: 2, seed: seed, update: 2, step: t)
        }
        output y
      }
      """),
    GradientCase(
      "rnn with a loss",
      """
      model RNN {
        dim vocab = 5, hidden = 3, batch = 2, num_steps = 4
        input tokens : index<vocab>[num_steps, batch]
        label next : index<vocab>[num_steps, batch]
        input m : bool[num_steps, batch]
        carried state h : f32[batch, hidden] = zeros
        param W_xh : f32[vocab, hidden] = zeros
        param W_hh : f32[hidden, hidden] = zeros
        param b_h : f32[hidden] = zeros
        param W_hq : f32[hidden, vocab] = zeros
        param b_q : f32[vocab] = zeros
        scan t in num_steps {
          h = tanh(linear(one_hot(tokens[t]), W_xh) + linear(h, W_hh) + b_h)
          logits[t] = linear(h, W_hq, b_q)
        }
        loss = cross_entropy(logits, next, mask: m)
        output loss
      }
      """),
    GradientCase(
      "lstm",
      """
      model LSTM {
        dim inputs = 3, hidden = 2, batch = 2, n = 4
        input x : f32[n, batch, inputs]
        state h : f32[batch, hidden] = zeros
        state c : f32[batch, hidden] = zeros
        param W_xi : f32[inputs, hidden] = zeros
        param W_hi : f32[hidden, hidden] = zeros
        param b_i : f32[hidden] = zeros
        param W_xf : f32[inputs, hidden] = zeros
        param W_hf : f32[hidden, hidden] = zeros
        param b_f : f32[hidden] = zeros
        param W_xg : f32[inputs, hidden] = zeros
        param W_hg : f32[hidden, hidden] = zeros
        param b_g : f32[hidden] = zeros
        param W_o : f32[inputs + hidden, hidden] = zeros
        param p_o : f32[hidden] = zeros
        scan t in n {
          i = sigmoid(linear(x[t], W_xi) + linear(h, W_hi) + b_i)
          f = sigmoid(linear(x[t], W_xf) + linear(h, W_hf) + b_f)
          g = tanh(linear(x[t], W_xg) + linear(h, W_hg) + b_g)
          c = f * c + i * g
          o = sigmoid(linear([x[t], h], W_o) + c * p_o)
          h = o * tanh(c)
          hs[t] = h
        }
        output hs, c
      }
      """),
    GradientCase(
      "gru with one product for all gates",
      """
      model GRU {
        dim inputs = 3, hidden = 2, batch = 2, n = 4
        input x : f32[n, batch, inputs]
        state h : f32[batch, hidden] = zeros
        param W : f32[inputs, 3 * hidden] = zeros
        param U : f32[hidden, 3 * hidden] = zeros
        param b : f32[3 * hidden] = zeros
        param d : f32[3 * hidden] = zeros
        scan t in n {
          r_x, u_x, n_x = split(linear(x[t], W, b), 3, axis: 1)
          r_h, u_h, n_h = split(linear(h, U, d), 3, axis: 1)
          r = sigmoid(r_x + r_h)
          u = sigmoid(u_x + u_h)
          h = (1 - u) * tanh(n_x + r * n_h) + u * h
        }
        output h
      }
      """),
    GradientCase(
      "reverse, and a sequence along the second axis",
      """
      model M {
        dim hidden = 3, batch = 2, n = 4
        input x : f32[batch, n, hidden]
        state h : f32[batch, hidden] = zeros
        param W : f32[hidden, hidden] = zeros
        scan t in n reverse {
          before[t] = h
          h = tanh(x[:, t] @ W + matmul(h, W, transpose_b: true))
          product[t] = h * old(h)
          twice[t] = product[t] * 2
        }
        output before, twice, h
      }
      """),
    GradientCase(
      "rows of a transposed weight by index",
      """
      model M {
        dim hidden = 3, batch = 2, n = 4, m = 5
        input i : index<m>[n, batch]
        state h : f32[batch, hidden] = zeros
        param W : f32[hidden, m] = zeros
        scan t in n {
          h = tanh(h * 0.5 + matmul(one_hot(i[t]), W, transpose_b: true))
        }
        output h
      }
      """),
    GradientCase(
      "lengths",
      """
      model M {
        dim hidden = 3, batch = 3, n = 5
        input x : f32[n, batch, hidden]
        input lengths : index<n + 1>[batch]
        state h : f32[batch, hidden] = zeros
        state s : f32[batch] = ones
        param W : f32[hidden, hidden] = zeros
        scan t in n lengths lengths {
          h = tanh(x[t] @ W + h)
          s = s * 0.5 + sum(h, axis: 1)
          ys[t] = h * 2
        }
        scan t in n reverse lengths lengths {
          state k : f32[batch, hidden] = h
          k = sigmoid(linear(x[t], W) + k)
          ks[t] = k
        }
        output ys, s, ks
      }
      """),
    GradientCase(
      "nested scans",
      """
      model M {
        dim hidden = 2, batch = 2, n = 3, m = 4
        input x : f32[n, m, batch, hidden]
        input v : f32[n, batch, hidden]
        state h : f32[batch, hidden] = zeros
        param W : f32[hidden, hidden] = zeros
        param U : f32[hidden, hidden] = zeros
        param b : f32[hidden] = zeros
        scan t in n {
          start = tanh(linear(h, U))
          scan s in m {
            state k : f32[batch, hidden] = start
            k = tanh(linear(x[t][s], W) + linear(k, U, b) + v[t] * h)
            ks[s] = k * b
          }
          h = k + sum(ks, axis: 0)
          all[t] = ks
        }
        output all, h
      }
      """),
    GradientCase(
      "two scans and a computed first value",
      """
      model M {
        dim hidden = 2, batch = 2, n = 3, m = 4
        input x : f32[n, batch, hidden]
        input y : f32[m, batch, hidden]
        state h : f32[batch, hidden] = zeros
        param W : f32[hidden, hidden] = zeros
        param U : f32[hidden, hidden] = zeros
        param b : f32[hidden] = zeros
        scan t in n {
          h = tanh(linear(x[t], W) + linear(h, U))
        }
        context = h * h
        scan t in m {
          state s : f32[batch, hidden] = tanh(context)
          state e : f32[batch, hidden] = ones
          s = tanh(linear([y[t], s], concat(W, U, axis: 0), b) + context)
          e = e * s
          out[t] = s * context
        }
        scan t in n {
          h = sigmoid(h + x[t] * b)
        }
        output out, e, h
      }
      """),
    GradientCase(
      "a first value that is a parameter",
      """
      model M {
        dim hidden = 2, batch = 2, n = 3
        input x : f32[n, batch, hidden]
        param h0 : f32[batch, hidden] = zeros
        param W : f32[hidden, hidden] = zeros
        state h : f32[batch, hidden] = h0
        carried state g : f32[batch, hidden] = h0
        scan t in n {
          h = tanh(linear(h, W) + x[t])
          g = tanh(linear(g, W) + h0)
        }
        output h, g
      }
      """),
    GradientCase(
      "whatever a body may read",
      """
      model M {
        dim hidden = 2, batch = 2, n = 3, classes = 4
        input x : f32[n, batch, hidden]
        input w : f32[n, n, batch]
        input i : index<classes>[n, batch]
        input j : index<classes>[batch]
        state h : f32[batch, hidden] = zeros
        state untouched : f32[batch, hidden] = zeros
        param E : f32[classes, hidden] = zeros
        param P : f32[hidden, classes] = zeros
        param b : f32[hidden] = zeros
        const C : f32[hidden] = [1, 2]
        scan t in n {
          table = w * sum(h)
          row = table[:, t]
          e = gather(E, i[t]) + gather(E, j)
          untouched = untouched
          z = h + e * C + x[0] * x[t] + f32(t) * b + f32(t > 0) * b
          h = tanh(z - detach(z) * b + row[0, 0] - mean(b))
          losses[t] = cross_entropy(linear(h, P), i[t])
          f[t] = linear(one_hot(j), E)
          m[t] = max(z, b)
        }
        output losses, h, untouched, f, m
      }
      """),
  ]

}
