import IR

extension Plan: CustomStringConvertible {

  /// The plan as text: the block of weights, then each schedule with its buffers.
  ///
  /// Places are written as the memory, the first element in brackets if it is not 0, and how far
  /// they move with each step of a loop.
  package var description: String {
    var text = PlanText(plan: self)
    text.write()
    return text.lines.map { $0 + "\n" }.joined()
  }

}

/// The writer of a plan's text.
private struct PlanText {

  let plan: Plan
  private(set) var lines: [String] = []
  private var depth = 0
  private var entry: EntryPlan

  init(plan: Plan) {
    self.plan = plan
    self.entry = plan.bind
  }

  private mutating func line(_ text: String) {
    lines.append(String(repeating: "  ", count: depth) + text)
  }

  private mutating func block(_ head: String, _ content: (inout PlanText) -> Void) {
    line("\(head) {")
    depth += 1
    content(&self)
    depth -= 1
    line("}")
  }

  mutating func write() {
    let plan = plan
    block("plan \(plan.modelName) for \(plan.machine.name)") { text in
      text.block("weights \(plan.weightBytes) bytes") { text in
        for item in plan.weights { text.line("\(item.name) : \(item.count) at \(item.offset)") }
      }
      text.write(plan.bind, head: "bind")
      for entry in plan.entries { text.write(entry, head: "entry \(entry.name)") }
    }
  }

  private mutating func write(_ entry: EntryPlan, head: String) {
    self.entry = entry
    block("\(head) workspace \(entry.workspaceBytes) bytes") { text in
      for (i, b) in entry.buffers.enumerated() {
        text.line(
          "buffer \(i) \(b.name) : \(b.count) at \(b.offset) "
            + "alive \(b.life.lowerBound) ... \(b.life.upperBound)")
      }
      text.write(entry.steps)
    }
  }

  private mutating func write(_ steps: [Step]) {
    for step in steps {
      switch step {
      case .kernel(let call):
        let access = call.kernel.access
        let reads = access.reads.map { text($0) }.joined(separator: ", ")
        let writes = access.writes.map { text($0) }.joined(separator: ", ")
        line("\(call.position): \(text(call.kernel)) (\(reads)) -> \(writes)")
      case .loop(let loop):
        let factor = loop.factor > 1 ? " by \(loop.factor)" : ""
        let direction = loop.isReversed ? " reverse" : ""
        let head = "loop \(loop.id) \(text(loop.count)) steps\(factor)\(direction)"
        block(head) { text in
          for (i, carried) in loop.carried.enumerated() {
            let buffers = carried.buffers.map { "\($0.position)" }.joined(separator: ", ")
            text.line("carry \(i) \(carried.name) in buffers \(buffers)")
          }
          text.write(loop.body)
          if loop.factor > 1 { text.block("remainder") { $0.write(loop.remainder) } }
        }
      }
    }
  }

  private func text(_ count: Count) -> String {
    switch count {
    case .fixed(let n): "\(n)"
    case .steps(1): "steps"
    case .steps(let n): "\(n) * steps"
    }
  }

  private func text(_ counts: [Count]) -> String {
    "[\(counts.map { text($0) }.joined(separator: ", "))]"
  }

  private func text(_ place: Place) -> String {
    var result: String
    switch place.base {
    case .buffer(let b): result = "buffer \(b.position)"
    case .weight(let w): result = "weights \(plan.weights[w].name)"
    case .input(let i): result = "input \(i)"
    case .output(let i): result = "output \(i)"
    case .state(let s): result = "state \(s.position)"
    case .parameter(let p): result = "parameter \(p.position)"
    case .slot(let s): result = "slot \(s.position)"
    case .carried(let loop, let i, let isNew):
      result = "\(isNew ? "new" : "old") \(i) of loop \(loop)"
    }
    var terms = place.offset == 0 ? [] : ["\(place.offset)"]
    terms += place.motions.map { "\($0.stride) * step \($0.loop)" }
    return terms.isEmpty ? result : "\(result)[\(terms.joined(separator: " + "))]"
  }

  private func text(_ kernel: Kernel) -> String {
    switch kernel {
    case .product(let k): return text(k)
    case .map(let k): return "map \(text(k.loops)) of \(operations(k.program))"
    case .reduce(let k): return "\(k.function.rawValue) \(text(k.inner)) for \(text(k.outer))"
    case .softmax(let k):
      return "\(k.isLogarithmic ? "log_" : "")softmax \(text(k.rows)) x \(k.columns)"
    case .argmax(let k): return "argmax \(k.columns) for \(text(k.outer))"
    case .gather(let k): return "gather \(k.columns) for \(text(k.outer))"
    case .oneHot(let k): return "one_hot \(k.classes) for \(text(k.outer))"
    case .mask(let k): return "mask \(text(k.steps)) x \(k.rows)"
    case .pack(let k):
      let columns = k.segments.count * k.units
      switch k.layout {
      case .panels: return "pack \(text(k.depth)) x \(columns) in panels of \(k.vectors)"
      case .table: return "pack \(text(k.depth)) x \(columns) in rows of panels of \(k.vectors)"
      }
    case .literal(let k): return "fill \(k.count)"
    case .crossEntropy(let k):
      let name = k.isGradient ? "cross_entropy_gradient" : "cross_entropy"
      return "\(name) \(text(k.rows)) x \(k.columns)"
    case .scatter(let k): return "scatter_add \(text(k.rows)) x \(k.columns) to \(k.sums)"
    case .drop(let k): return "dropout \(text(k.count)) at site \(k.site)"
    case .convolve(let k):
      return "conv2d \(k.images) images to \(k.channels) x \(k.places) from \(k.inputs) channels"
    case .convolveGradient(let k):
      return "conv2d_weight_gradient \(k.channels) x \(k.inputs) x \(k.kernel)"
    case .pooling(let k):
      return "max_pool2d \(k.images) x \(k.channels) planes of \(k.size) to \(k.places)"
    case .batched(let k): return "for \(text(k.batches)) pack and \(text(k.product))"
    }
  }

  private func text(_ product: Product) -> String {
    let columns =
      product.segments == 1 ? "\(product.units)" : "\(product.segments) * \(product.units)"
    let depth = product.parts.map { text($0.depth) }.joined(separator: " + ")
    let tile = "tile \(product.tile.rows) x \(product.segments * product.tile.vectors)"
    let behind = operations(product.program)
    let lookups = product.lookups.isEmpty ? "" : " after \(product.lookups.count) lookups"
    return "product \(text(product.rows)) x \(columns) over \(depth.isEmpty ? "0" : depth), "
      + "\(tile)\(lookups)\(behind == "copy" ? "" : ", then \(behind)")"
  }

  /// Returns the names of the functions that `program` applies.
  private func operations(_ program: Program) -> String {
    let names = program.instructions.compactMap { instruction -> String? in
      switch instruction {
      case .input, .number, .accumulator: nil
      case .unary(let f, _): f.rawValue
      case .binary(let f, _, _): f.rawValue
      case .compare(let f, _, _, _): f.rawValue
      case .select: "where"
      case .convert: "f32"
      }
    }
    return names.isEmpty ? "copy" : names.joined(separator: " ")
  }

}
