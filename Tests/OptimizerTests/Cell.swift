/// Recurrent cells as a person writes them.
enum Cell: CaseIterable {

  case lstm, gruResetAfter, gruResetBefore

  /// The text of a model with the cell.
  var text: String {
    switch self {
    case .lstm: Self.lstmText
    case .gruResetAfter: Self.gruResetAfterText
    case .gruResetBefore: Self.gruResetBeforeText
    }
  }

  private static let head = """
      dim inputs = 5, hidden = 4, batch = 3, num_steps = 6
      input x : f32[num_steps, batch, inputs]
      carried state h : f32[batch, hidden] = zeros

    """

  private static func gate(_ g: String) -> String {
    """
      param W_x\(g) : f32[inputs, hidden] = zeros
      param W_h\(g) : f32[hidden, hidden] = zeros
      param b_\(g) : f32[hidden] = zeros

    """
  }

  private static let tail = """
      param W_q : f32[hidden, 2] = zeros
      param b_q : f32[2] = zeros

    """

  /// A long short-term memory.
  private static let lstmText = """
    model LSTM {
    \(head)  carried state c : f32[batch, hidden] = zeros
    \(["i", "f", "g", "o"].map(gate).joined())\(tail)
      scan t in num_steps {
        i = sigmoid(linear(x[t], W_xi) + linear(h, W_hi) + b_i)
        f = sigmoid(linear(x[t], W_xf) + linear(h, W_hf) + b_f)
        g = tanh(linear(x[t], W_xg) + linear(h, W_hg) + b_g)
        o = sigmoid(linear(x[t], W_xo) + linear(h, W_ho) + b_o)
        c = f * c + i * g
        h = o * tanh(c)
        y[t] = linear(h, W_q, b_q)
      }
      output y
    }
    """

  /// A gated recurrent unit that resets after the product.
  private static let gruResetAfterText = """
    model GRU {
    \(head)  param b_hn : f32[hidden] = zeros
    \(["r", "z", "n"].map(gate).joined())\(tail)
      scan t in num_steps {
        r = sigmoid(linear(x[t], W_xr) + linear(h, W_hr) + b_r)
        z = sigmoid(linear(x[t], W_xz) + linear(h, W_hz) + b_z)
        n = tanh(linear(x[t], W_xn, b_n) + r * linear(h, W_hn, b_hn))
        h = (1 - z) * n + z * h
        y[t] = linear(h, W_q, b_q)
      }
      output y
    }
    """

  /// A gated recurrent unit that resets before the product.
  private static let gruResetBeforeText = """
    model GRU {
    \(head)\(["r", "z", "n"].map(gate).joined())\(tail)
      scan t in num_steps {
        r = sigmoid(linear(x[t], W_xr) + linear(h, W_hr) + b_r)
        z = sigmoid(linear(x[t], W_xz) + linear(h, W_hz) + b_z)
        n = tanh(linear(x[t], W_xn) + linear(r * h, W_hn) + b_n)
        h = (1 - z) * n + z * h
        y[t] = linear(h, W_q, b_q)
      }
      output y
    }
    """

}
