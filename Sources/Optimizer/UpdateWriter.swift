import IR

/// The writing of the lines that turn gradients into new parameters.
///
/// Rules, numbers and slots are those of `torch.optim`, whose documentation gives them as
/// algorithms; clipping by norm is that of `torch.nn.utils.clip_grad_norm_`, but for the 1e-6 that
/// it adds to the norm, and for norms whose square single precision does not have.
struct UpdateWriter {

  private(set) var module: Module
  private(set) var entry: Entry
  private let training: Training

  private var optimizer: OptimizerChoice { training.optimizer }

  /// The norm of all gradients together.
  private struct Norm {

    /// The power of two that the gradients are multiplied by, 1 unless they are very large or very
    /// small, so that their squares are neither infinite nor zero.
    let scale: Value

    /// The norm of the scaled gradients.
    let scaled: Value

  }

  /// Two factors that make a gradient one of those whose norm is at most the limit.
  private struct ClipFactors {

    let scale: Value
    let ratio: Value

  }

  /// The inputs of the entry that are numbers of the optimiser, by their names in the text.
  private var numbers: [String: Value] = [:]

  /// Creates the writer for `entry` of `module`, whose outputs are the loss and the gradients.
  init(_ entry: Entry, module: Module, _ training: Training) {
    self.entry = entry
    self.module = module
    self.training = training
  }

  /// Writes the updates of `parameters`, whose gradients are the outputs behind the loss.
  mutating func write(_ parameters: [ID<Parameter>]) {
    let gradients = entry.outputs.dropFirst().map(\.value)
    let norm = norm(of: gradients)
    let output = apply(.binary(.div), norm.scaled, norm.scale, "gradient_norm")
    entry.outputs = [entry.outputs[0], Entry.Output(name: "gradient_norm", value: output)]
    let factors = clipFactors(norm)
    let corrections = biasCorrections()
    for (p, gradient) in zip(parameters, gradients) {
      write(p, clipped(gradient, by: factors, p), corrections)
    }
    entry.graph.body.closingComments = []
  }

  /// Returns the square root of the sum of all squares.
  ///
  /// The sum of the squares of at most 2^31 numbers of magnitudes from 2^-50 to 2^48 is an ordinary
  /// number. What is larger is divided by 2^80, what is smaller multiplied by 2^90.
  private mutating func norm(of gradients: [Value]) -> Norm {
    let largest = total(gradients.map { apply(.unary(.abs), $0, "magnitude") }, .max, "largest")
    let large = apply(.compare(.greater), largest, number(0x1p48), "is_large")
    let small = apply(.compare(.less), largest, number(0x1p-50), "is_small")
    let scale = apply(
      .select, small, number(0x1p90),
      apply(.select, large, number(0x1p-80), number(1), name: "scale"), name: "scale")
    let squares = gradients.map { gradient in
      let scaled = apply(.binary(.mul), gradient, scale, "scaled")
      return apply(.binary(.mul), scaled, scaled, "square")
    }
    let norm = apply(.unary(.sqrt), total(squares, .sum, "squares"), "norm")
    return Norm(scale: scale, scaled: norm)
  }

  /// Returns the sum, or the largest, of all elements of `values`.
  private mutating func total(_ values: [Value], _ f: Reduction, _ name: String) -> Value {
    var parts = values.map { value -> Value in
      let axes = Array(entry.graph.type(of: value).shape.indices)
      return axes.isEmpty
        ? value : apply(.reduce(f, axes: axes, keepingAxes: false), value, name)
    }
    precondition(!parts.isEmpty, "some parameter is trained")
    // Each round leaves at most a 1024th of the parts, as many as can be stacked.
    while parts.count > 1 {
      parts = stride(from: 0, to: parts.count, by: 1024).map { start in
        let some = Array(parts[start..<min(start + 1024, parts.count)])
        let all = apply(.stack(axis: 0), to: some, name: name)
        return apply(.reduce(f, axes: [0], keepingAxes: false), all, name)
      }
    }
    return parts[0]
  }

  /// Returns the factors of clipping by norm, both 1 unless the norm is beyond the limit, if that
  /// is asked for.
  ///
  /// Where the norm is not finite, neither is one of them: no gradient becomes zero by it.
  private mutating func clipFactors(_ norm: Norm) -> ClipFactors? {
    guard case .globalNorm(let limit)? = training.clip else { return nil }
    let clip = input("clip", limit)
    let bound = apply(.binary(.mul), clip, norm.scale, "bound")
    let isBeyond = apply(.compare(.greater), norm.scaled, bound, "is_beyond")
    let quotient = apply(.binary(.div), clip, norm.scaled, "ratio")
    let ratio = apply(.select, isBeyond, quotient, number(1), name: "ratio")
    let zero = apply(.binary(.sub), norm.scaled, norm.scaled, "zero")
    return ClipFactors(
      scale: apply(.select, isBeyond, norm.scale, number(1), name: "scale"),
      ratio: apply(.binary(.add), ratio, zero, "ratio"))
  }

  /// Returns `gradient`, that of `p`, as clipping asks for it.
  private mutating func clipped(
    _ gradient: Value, by factors: ClipFactors?, _ p: ID<Parameter>
  ) -> Value {
    let name = "clipped_\(module.parameters[p].name)"
    if let factors {
      return apply(
        .binary(.mul), apply(.binary(.mul), gradient, factors.scale, name), factors.ratio, name)
    }
    guard case .value(let limit)? = training.clip else { return gradient }
    let clip = input("clip", limit)
    let low = apply(.unary(.neg), clip, "low")
    return apply(.binary(.max), apply(.binary(.min), gradient, clip, name), low, name)
  }

  /// Returns, for the two averages of Adam, the sums of the weights that they have given so far.
  ///
  /// 1 - beta^t is the same average of ones, from which no digits are lost while t is small.
  private mutating func biasCorrections() -> [Value] {
    guard optimizer.rule == .adam || optimizer.rule == .adamw else { return [] }
    return ["beta1", "beta2"].enumerated().map { i, name in
      let (slot, old) = slot("bias_correction\(i + 1)", .scalar)
      let new = average(old, number(1), hyper(name), slot.name)
      entry.updates.append(Entry.Update(.slot(slot.id), value: new))
      return new
    }
  }

  private mutating func write(_ p: ID<Parameter>, _ gradient: Value, _ corrections: [Value]) {
    let parameter = module.parameters[p]
    let (name, type) = (parameter.name, parameter.type)
    var w = entry.graph.value(of: .parameter(p), type: type)
    var g = gradient
    let lr = hyper("lr")
    if optimizer["weight_decay"] != nil {
      let decay = hyper("weight_decay")
      if optimizer.rule == .adamw {
        // W = W - lr * weight_decay * W
        let part = apply(.binary(.mul), lr, decay, "decay")
        w = apply(.binary(.sub), w, apply(.binary(.mul), part, w, "decayed"), "decayed_\(name)")
      } else {
        // g = g + weight_decay * W
        g = apply(.binary(.add), g, apply(.binary(.mul), decay, w, "decay"), "decayed_\(name)")
      }
    }
    let step: Value
    switch optimizer.rule {
    case .sgd: step = momentum(g, name, type)
    case .adam, .adamw: step = adam(g, name, type, corrections)
    case .rmsprop: step = momentum(rmsprop(g, name, type), name, type)
    }
    let new = apply(.binary(.sub), w, apply(.binary(.mul), lr, step, "step_\(name)"), "new_\(name)")
    entry.updates.append(Entry.Update(.parameter(p), value: new))
  }

  /// Lets `slot` keep `flush` of `x`, which fades where no gradient comes any more, and returns it.
  private mutating func keep(_ x: Value, in slot: ID<Slot>, _ name: String) -> Value {
    let kept = apply(.unary(.flush), x, name)
    entry.updates.append(Entry.Update(.slot(slot), value: kept))
    return kept
  }

  /// Returns `g`, or the sum of it and of earlier ones that fade.
  private mutating func momentum(_ g: Value, _ name: String, _ type: TensorType) -> Value {
    guard optimizer["momentum"] != nil else { return g }
    let momentum = hyper("momentum")
    // v = momentum * v + g
    let (slot, old) = slot("momentum_buffer.\(name)", type)
    let sum = apply(
      .binary(.add), apply(.binary(.mul), momentum, old, "faded_\(name)"), g, "sum_\(name)")
    let v = keep(sum, in: slot.id, "momentum_\(name)")
    if !optimizer.isNesterov { return v }
    // g + momentum * v
    return apply(
      .binary(.add), g, apply(.binary(.mul), momentum, v, "ahead_\(name)"), "nesterov_\(name)")
  }

  /// Returns m / c1 / (sqrt(v) / sqrt(c2) + eps), where m and v are the averages of g and of g * g.
  private mutating func adam(
    _ g: Value, _ name: String, _ type: TensorType, _ corrections: [Value]
  ) -> Value {
    let (first, oldMean) = slot("exp_avg.\(name)", type)
    let mean = average(oldMean, g, hyper("beta1"), "average_\(name)")
    let m = keep(mean, in: first.id, "mean_\(name)")
    let (second, oldSquare) = slot("exp_avg_sq.\(name)", type)
    let square = apply(.binary(.mul), g, g, "square_\(name)")
    let meanSquare = average(oldSquare, square, hyper("beta2"), "average_square_\(name)")
    let v = keep(meanSquare, in: second.id, "mean_square_\(name)")
    let root = apply(
      .binary(.div), apply(.unary(.sqrt), v, "root_\(name)"),
      apply(.unary(.sqrt), corrections[1], "root"), "root_\(name)")
    let bound = apply(.binary(.add), root, hyper("eps"), "bound_\(name)")
    let unbiased = apply(.binary(.div), m, corrections[0], "unbiased_\(name)")
    return apply(.binary(.div), unbiased, bound, "ratio_\(name)")
  }

  /// Returns g / (sqrt(v) + eps), where v is the average of g * g.
  private mutating func rmsprop(_ g: Value, _ name: String, _ type: TensorType) -> Value {
    let (slot, old) = slot("square_avg.\(name)", type)
    let square = apply(.binary(.mul), g, g, "square_\(name)")
    let mean = average(old, square, hyper("alpha"), "average_square_\(name)")
    let v = keep(mean, in: slot.id, "mean_square_\(name)")
    let root = apply(.unary(.sqrt), v, "root_\(name)")
    return apply(
      .binary(.div), g, apply(.binary(.add), root, hyper("eps"), "bound_\(name)"), "ratio_\(name)")
  }

  /// Returns factor * old + (1 - factor) * x.
  private mutating func average(
    _ old: Value, _ x: Value, _ factor: Value, _ name: String
  ) -> Value {
    let rest = apply(.binary(.sub), number(1), factor, "rest")
    return apply(
      .binary(.add), apply(.binary(.mul), factor, old, "faded"),
      apply(.binary(.mul), rest, x, "fresh"), name)
  }

}

extension UpdateWriter {

  /// Returns the value of the number `name` of the optimiser.
  private mutating func hyper(_ name: String) -> Value {
    guard let standard = optimizer[name] else {
      preconditionFailure("the rule has the number '\(name)'")
    }
    return input(name, standard)
  }

  /// Returns the value of the input that number `name` is, whose default is `standard`.
  private mutating func input(_ name: String, _ standard: Double) -> Value {
    if let known = numbers[name] { return known }
    entry.inputs.append(
      Entry.Input(name: unique(name), type: .scalar, defaultValue: standard))
    let value = entry.graph.value(of: .input(entry.inputs.count - 1), type: .scalar)
    numbers[name] = value
    return value
  }

  /// Declares a slot and returns it with its old value.
  private mutating func slot(
    _ name: String, _ type: TensorType
  ) -> (slot: (id: ID<Slot>, name: String), old: Value) {
    let name = unique(name)
    let id = module.slots.add(Slot(name: name, type: type, initial: .zeros))
    return ((id, name), entry.graph.value(of: .slot(id), type: type))
  }

  private func unique(_ name: String) -> String { module.freeName(name, in: entry) }

  private mutating func number(_ x: Double) -> Value {
    entry.graph.value(of: .number(Number(x)), type: .scalar)
  }

  /// Appends the line that applies `op` to `operands` and returns its result.
  private mutating func apply(_ op: Op, to operands: [Value], name: String) -> Value {
    let types = operands.map { entry.graph.type(of: $0) }
    guard let signature = try? op.signature(of: types, in: module.dimensions) else {
      preconditionFailure("updates apply operations to operands that they take")
    }
    let id = entry.graph.add(
      Node(
        op: op, operands: operands,
        results: [Node.Result(name: name, type: signature.results[0])]))
    entry.graph.body.nodes.append(id)
    return Value(id)
  }

  private mutating func apply(_ op: Op, _ operands: Value..., name: String) -> Value {
    apply(op, to: operands, name: name)
  }

  private mutating func apply(_ op: Op, _ x: Value, _ name: String) -> Value {
    apply(op, x, name: name)
  }

  private mutating func apply(_ op: Op, _ x: Value, _ y: Value, _ name: String) -> Value {
    apply(op, x, y, name: name)
  }

}

extension Module {

  /// The names of what the model declares.
  var namesOfDeclarations: Set<String> {
    Set(
      dimensions.map(\.name) + parameters.map(\.name) + states.map(\.name) + constants.map(\.name)
        + slots.map(\.name))
  }

  /// The most characters of a name that is made; a text may have a little longer ones.
  private static let longestName = 240

  /// Returns `name`, without its end if that would be too long for a text, with underscores after
  /// it if something that callers of `entry` know has it already.
  fileprivate func freeName(_ name: String, in entry: Entry) -> String {
    let taken = namesOfDeclarations.union(entry.inputs.map(\.name))
    var result = String(name.prefix(Self.longestName))
    // Names are finite in number.
    while taken.contains(result) { result += "_" }
    return result
  }

  /// Returns the name of the input of entry `train` that is the number `name` of the optimiser or
  /// of clipping, `lr` for example.
  ///
  /// Where the model has that name for something else, the input has underscores behind it.
  package func inputName(ofNumber name: String) -> String {
    guard let entry = entries.first(where: { $0.training != nil }) else { return name }
    return freeName(name, in: entry)
  }

}
