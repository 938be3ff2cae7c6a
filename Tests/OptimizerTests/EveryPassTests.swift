import Testing

@testable import Optimizer

/// Models that between them have what passes look at.
private let models: [String: String] = [
  "rnn": """
  model RNN {
    dim vocab = 5, hidden = 3
    dim batch = 2, num_steps = 7
    input tokens : index<vocab>[num_steps, batch]
    label next : index<vocab>[num_steps, batch]
    carried state h : f32[batch, hidden] = zeros
    param W_xh : f32[vocab, hidden] = normal(std: 0.01)
    param W_hh : f32[hidden, hidden] = normal(std: 0.01)
    param b_h : f32[hidden] = zeros
    param W_hq : f32[hidden, vocab] = normal(std: 0.01)
    param b_q : f32[vocab] = zeros
    // All steps.
    scan t in num_steps {
      x = one_hot(tokens[t])
      // The cell.
      h = tanh(linear(x, W_xh) + linear(h, W_hh) + b_h)  // new
      logits[t] = linear(h, W_hq, b_q)
    }
    output logits
  }
  """,
  "lengths": """
  model Lengths {
    dim batch = 3, hidden = 2, num_steps = 5
    input x : f32[num_steps, batch, hidden]
    input n : index<num_steps + 1>[batch]
    state h : f32[batch, hidden] = zeros
    state s : f32[batch] = ones
    param W : f32[hidden, hidden] = ones
    scan t in num_steps lengths n {
      h = tanh(x[t] @ W + h)
      s = s + sum(h, axis: 1)
      ys[t] = h * 2
      best[t] = argmax(h, axis: 1)
      positive[t] = s > 0
    }
    output ys
    output best
    output positive
  }
  """,
  "reversed": """
  model Reversed {
    dim batch = 2, n = 6
    input x : f32[n, batch]
    state h : f32[batch] = zeros
    scan t in n reverse {
      state k : f32[batch] = ones
      before[t] = h
      h = h * 0.5 + x[t] * k
      k = k + 1
    }
    output before
    output h
  }
  """,
  "outside": """
  model Outside {
    dim batch = 2, n = 4, width = 3
    input x : f32[batch, n, width]
    input scale : f32[1, width]
    state h : f32[batch, width] = zeros
    param W : f32[width, width] = ones
    param b : f32[width] = ones
    param P : f32[2, width] = ones
    z = transpose(x, axes: [1, 0, 2])
    m = max(matmul(z, transpose(W)), 0)
    u = sum(z * scale, axis: 2)
    unused = exp(u)
    scan t in n {
      h = tanh(m[t] + h + x[:, t] + P[1])
      w = W * 2 + 1
      hs[t] = linear(h, w) + (b + b)
      us[t] = u[t] + 1
    }
    p = softmax(linear(concat(hs, m, axis: 2), concat(W, W, axis: 0)) + b, axis: 2)
    output p
    output us
    output last = slice(concat(h, h, axis: 1), 0 ..< width, axis: 1)
  }
  """,
  "algebra": """
  model Algebra {
    dim m = 2, n = 3
    const one : f32[n] = ones
    const K : f32[2, 2] = [[1, 2], [3, 4]]
    input x : f32[m, n]
    input y : f32[n, m]
    a = -(-(x + 0)) * 1 / one
    b = reshape(reshape(transpose(transpose(a)), [n * m]), [m, n])
    c = slice(slice(b, 1 ..< n, axis: 1), 0 ..< 1, axis: 1)
    d = concat(slice(b, 0 ..< 1, axis: 1), slice(b, 1 ..< n, axis: 1), axis: 1)
    e = matmul(transpose(y), x, transpose_b: true)
    f = matmul(K, K) * (2 + 3)
    g = where(1 < 2, d, b)
    k = y + 0
    l = 0 - x
    s = x * y[0, 0] + x * y[0, 0]
    q = max(0, l)
    output c
    output d
    output e
    output f
    output g
    output k
    output s
    output q
  }
  """,
  "gates": """
  model Gates {
    dim vocab = 4, hidden = 3, batch = 2, n = 5
    input tokens : index<vocab>[n, batch]
    input x : f32[n, batch, hidden]
    state h : f32[batch, hidden] = zeros
    state c : f32[batch, hidden] = zeros
    param W_xi : f32[vocab, hidden] = ones
    param W_hi : f32[hidden, hidden] = ones
    param b_i : f32[hidden] = ones
    param W_xo : f32[vocab, hidden] = ones
    param W_ho : f32[hidden, hidden] = ones
    param b_o : f32[hidden] = ones
    param W_xg : f32[vocab, hidden] = ones
    param W_zg : f32[hidden, hidden] = ones
    param W_hg : f32[hidden, hidden] = ones
    param b_g : f32[hidden] = ones
    param W_q : f32[hidden, vocab] = ones
    scan t in n {
      e = one_hot(tokens[t])
      i = sigmoid(linear(e, W_xi) + linear(h, W_hi) + b_i)
      o = sigmoid(linear(e, W_xo) + linear(h, W_ho) + b_o)
      g = tanh(linear(e, W_xg) + linear(x[t], W_zg) + linear(h, W_hg) + b_g)
      c = c * i + g * (1 - i)
      h = o * tanh(c)
      y[t] = linear(h, W_q)
    }
    output y
  }
  """,
  "odd": """
  model Odd {
    dim batch = 2, n = 3, none = 0, hidden = 2
    input x : f32[n, batch, hidden]
    input k : index<n + 1>[batch]
    label y : f32[n, batch, hidden]
    label unused : f32[n]
    const zero : f32[hidden] = zeros
    param start : f32[batch, hidden] = ones
    state h : f32[batch, hidden] = start
    state flag : f32[batch] = zeros
    state g : f32[batch, hidden] = ones
    scan t in n lengths k {
      a[t] = h
      b[t] = one_hot(argmax(x[t], axis: 1))
      h = x[t] + old(h) * zero
    }
    scan s in none {
      g = g + 1
      empty[s] = g
    }
    m = mask(k, n)
    d = where(reshape(m, [n, batch, 1]), (a - y) * (a - y), 0)
    two = 1 + 1
    half = 1 / two
    output a
    output d = d * half
    output b
    output m
    output empty
    output two
  }
  """,
  "two scans": """
  model TwoScans {
    dim batch = 2, n = 5
    input x : f32[n, batch]
    carried state h : f32[batch] = zeros
    scan t in n {
      h = h + x[t]
      u[t] = h
      v[t] = h * h
    }
    scan k in n {
      h = h * u[k]
      w[k] = h
      z[k] = h
    }
    output w
  }
  """,
  "nested": """
  model Nested {
    dim batch = 2, n = 4, inner = 3
    input x : f32[n, inner, batch]
    state h : f32[batch] = zeros
    scan t in n {
      scan k in inner {
        state s : f32[batch] = zeros
        s = s + x[t][k] * h
        a[k] = s + f32(t) + f32(k)
      }
      h = tanh(h + sum(a, axis: 0))
      y[t] = a
    }
    output y
  }
  """,
]

@Suite struct EveryPassTests {

  @Test(arguments: models.keys.sorted(), ["1", "2", "3", "9", "auto", "full"])
  func keepsItsPromises(model: String, unrolling: String) throws {
    let text = try #require(models[model])
    let unrolling: PassContext.Unrolling =
      switch unrolling {
      case "auto": .auto
      case "full": .full
      default: .by(Int(unrolling) ?? 1)
      }
    try PassCheck(text, unrolling: unrolling).run()
  }

  @Test(arguments: models.keys.sorted())
  func canStopAfterAnyRewrite(model: String) throws {
    let text = try #require(models[model])
    try PassCheck(text, unrolling: model.count % 2 == 0 ? .by(2) : .full).runWithLimits()
  }

  @Test(arguments: models.keys.sorted())
  func workAlone(model: String) throws {
    let text = try #require(models[model])
    for pass in Pass.all {
      try PassCheck(text, unrolling: .by(2), pipeline: Pipeline([pass], after: [])).run()
    }
  }

  @Test(arguments: [
    ("rnn", "num_steps"), ("lengths", "num_steps"), ("outside", "n"), ("gates", "n"),
  ])
  func stepIsForwardForOneStep(model: String, dimension: String) throws {
    let text = try #require(models[model])
    var written = try module(text)
    let index = try #require(written.dimensions.firstIndex { $0.name == dimension })
    written.dimensions[index].value = 1
    var context = PassContext(machine: testMachine)
    Pass.writeEntries.run(&written, &context)
    let check = PassCheck(text, unrolling: .auto)
    let forward = try check.values(of: written, "forward")
    let step = try check.values(of: written, "step")
    #expect(forward.keys.sorted() == step.keys.sorted())
    for (name, value) in forward {
      #expect(step[name]?.elements == value.elements, "'\(name)'")
    }
  }

}
