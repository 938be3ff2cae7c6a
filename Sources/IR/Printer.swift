/// A line of printed text.
package struct PrintedLine: Sendable {

  /// What the line is about.
  package enum Subject: Hashable, Sendable {

    /// A declaration, a comment, a brace or an empty line.
    case other

    /// The node that the line defines or gives another name; the head of a scan.
    case node(ID<Node>)

    /// An input or a label of an entry.
    case input

    /// An output of an entry, or a new value of a parameter or a slot.
    case output

  }

  /// The text without indentation.
  package var text: String

  /// The depth of nesting.
  package var depth: Int

  package var subject: Subject

  /// The comment behind the text.
  package var comment: String?

  /// The line as it stands in a file.
  package var description: String {
    if text.isEmpty { return "" }
    let code = String(repeating: "  ", count: depth) + text
    return comment.map { "\(code)  // \($0)" } ?? code
  }

}

extension Module {

  /// The canonical text of the model; reading it gives the model again.
  ///
  /// - Requires: names are settled.
  package var description: String {
    var printer = Printer(module: self)
    printer.printModule()
    return printer.lines.map { $0.description + "\n" }.joined()
  }

  /// The lines of entry `index`, as they stand in `description`.
  package func lines(ofEntry index: Int) -> [PrintedLine] {
    var printer = Printer(module: self)
    printer.printBody(of: entries[index])
    return printer.lines
  }

  /// The lines of the section `bind`, as they stand in `description`.
  package var bindLines: [PrintedLine] {
    var printer = Printer(module: self)
    printer.printBindBody()
    return printer.lines
  }

}

/// The writer of a model's text.
struct Printer {

  let module: Module
  private(set) var lines: [PrintedLine] = []
  private var depth = 0

  init(module: Module) {
    self.module = module
  }

  var dimensions: [Dimension] { module.dimensions }

  /// Appends a line below `comments`.
  mutating func line(
    _ text: String, _ comments: Comments = .init(), subject: PrintedLine.Subject = .other
  ) {
    for comment in comments.leading { self.comment(comment) }
    lines.append(
      PrintedLine(text: text, depth: depth, subject: subject, comment: comments.trailing))
  }

  /// Appends a line that is a comment.
  mutating func comment(_ text: String) {
    lines.append(
      PrintedLine(text: text.isEmpty ? "//" : "// \(text)", depth: depth, subject: .other))
  }

  /// Puts what follows one level deeper.
  mutating func indent() { depth += 1 }

  /// Puts what follows one level less deep.
  mutating func outdent() { depth -= 1 }

  /// Appends what `content` appends, one level deeper, and the brace that ends it.
  private mutating func nested(_ content: (inout Printer) -> Void) {
    indent()
    content(&self)
    outdent()
    line("}")
  }

  /// Separates what follows from what stands before, unless nothing does.
  private mutating func gap() {
    guard let last = lines.last, !last.text.isEmpty, !last.text.hasSuffix("{") else { return }
    lines.append(PrintedLine(text: "", depth: 0, subject: .other))
  }

  mutating func printModule() {
    line("model \(module.name) {", module.comments)
    nested { printer in
      printer.printDeclarations()
      switch printer.module.form {
      case .model:
        printer.printBody(of: printer.module.entries[0])
      case .entries:
        if !printer.module.bind.graph.body.nodes.isEmpty {
          printer.gap()
          printer.line("bind {")
          printer.nested { $0.printBindBody() }
        }
        let fields = printer.module.run.fields
        if !fields.isEmpty {
          printer.gap()
          printer.line("run {")
          printer.nested { $0.printRunFields() }
        }
        for entry in printer.module.entries {
          printer.gap()
          printer.line("entry \(entry.name) {", entry.comments)
          printer.nested { $0.printBody(of: entry) }
        }
      }
      for text in printer.module.closingComments { printer.comment(text) }
    }
    for text in module.endComments { comment(text) }
  }

  private mutating func printDeclarations() {
    for d in dimensions {
      let size = d.definition?.description(in: dimensions) ?? "\(d.value)"
      line("dim \(d.name) = \(size)", d.comments)
    }
    gap()
    for s in module.states {
      let kind = s.isCarried ? "carried state" : "state"
      line("\(kind) \(s.name) : \(text(s.type)) = \(text(s.initial, s.type))", s.comments)
    }
    gap()
    for p in module.parameters {
      line("param \(p.name) : \(text(p.type)) = \(text(p.initial, p.type))", p.comments)
    }
    gap()
    for s in module.slots {
      line("slot \(s.name) : \(text(s.type)) = \(text(s.initial, s.type))", s.comments)
    }
    gap()
    for c in module.constants {
      line("const \(c.name) : \(text(c.type)) = \(text(c.initial, c.type))", c.comments)
    }
    for convention in module.conventions {
      gap()
      line("convention \(convention.name) {", convention.comments)
      nested { printer in
        for e in convention.equations {
          printer.line(printer.module.text(of: e), e.comments)
        }
      }
    }
    if !module.finishedPasses.isEmpty {
      gap()
      line("passes done \(module.finishedPasses.joined(separator: ", "))")
    }
    gap()
  }

  mutating func printBody(of entry: Entry) {
    for input in entry.inputs {
      let kind = input.role == .input ? "input" : "label"
      let value = input.defaultValue.map { " = \(numberText($0))" } ?? ""
      line(
        "\(kind) \(input.name) : \(text(input.type))\(value)", input.comments, subject: .input)
    }
    gap()
    var block = BlockPrinter(
      graph: entry.graph, module: module, inputs: entry.inputs.map(\.name))
    let results = entry.updates.compactMap { update in
      update.state.map { (module.states[$0].name, update.value) }
    }
    let lossLines = entry.lossLineCount
    block.printEntry(results, without: lossLines, into: &self)
    gap()
    for update in entry.updates {
      guard let name = module.name(of: update.target) else { continue }
      line("update \(name) = \(block.text(of: update.value))", subject: .output)
    }
    gap()
    for output in entry.outputs {
      let value = block.text(of: output.value)
      let text = value == output.name ? value : "\(output.name) = \(value)"
      line("output \(text)", output.comments, subject: .output)
    }
    guard let training = entry.training else { return }
    gap()
    line("train {", training.comments)
    nested { printer in
      block.printLast(lossLines, into: &printer)
      let loss = block.text(of: training.loss)
      let isOwn = entry.graph.body.nodes.suffix(lossLines).contains(training.loss.node)
      if loss != "loss" || !isOwn {
        printer.line("loss = \(loss)", training.fieldComments["loss"] ?? Comments())
      }
      printer.printFields(of: training)
      if printer.module.form == .model { printer.printRunFields() }
    }
  }

  private mutating func printFields(of training: Training) {
    func comments(_ field: String) -> Comments { training.fieldComments[field] ?? Comments() }
    switch training.clip {
    case .globalNorm(let x): line("clip = global_norm(\(numberText(x)))", comments("clip"))
    case .value(let x): line("clip = value(\(numberText(x)))", comments("clip"))
    case nil: break
    }
    line("optimizer = \(training.optimizer.description)", comments("optimizer"))
    if !training.frozen.isEmpty {
      let names = training.frozen.map { module.parameters[$0].name }
      line("freeze = [\(names.joined(separator: ", "))]", comments("freeze"))
    }
  }

  private mutating func printRunFields() {
    for (name, text) in module.run.fields {
      line("\(name) = \(text)", module.run.fieldComments[name] ?? Comments())
    }
  }

  mutating func printBindBody() {
    var block = BlockPrinter(graph: module.bind.graph, module: module, inputs: [])
    block.printEntry([], into: &self)
  }

  func text(_ type: TensorType) -> String { type.description(in: dimensions) }

  private func text(_ initial: InitialValue, _ type: TensorType) -> String {
    switch initial {
    case .zeros: return "zeros"
    case .ones: return "ones"
    case .iota: return "iota"
    case .constant(let c): return "constant(\(c.text(in: dimensions)))"
    case .uniform(let low, let high):
      return "uniform(low: \(low.text(in: dimensions)), high: \(high.text(in: dimensions)))"
    case .normal(let mean, let std):
      let center = mean == .number(0) ? "" : "mean: \(mean.text(in: dimensions)), "
      return "normal(\(center)std: \(std.text(in: dimensions)))"
    case .scaled(let scaled): return text(scaled)
    case .literal(let elements):
      guard let shape = type.sizes(in: dimensions) else {
        preconditionFailure("sizes of declared types do not overflow")
      }
      return Self.text(elements.map(\.value)[...], shape[...])
    case .parameter(let p): return module.parameters[p].name
    }
  }

  private func text(_ scaled: ScaledInitial) -> String {
    var arguments = scaled.gain.map { ["gain: \($0.text(in: dimensions))"] } ?? []
    if scaled.isNormal { arguments.append("distribution: normal") }
    if scaled.countsOutputs { arguments.append("fan: out") }
    let name = scaled.rule.rawValue
    return arguments.isEmpty ? name : "\(name)(\(arguments.joined(separator: ", ")))"
  }

  /// Returns the nested brackets of `elements` in `shape`.
  private static func text(_ elements: ArraySlice<Double>, _ shape: ArraySlice<Int>) -> String {
    guard let n = shape.first else { return elements.first.map(numberText) ?? "0" }
    let stride = n == 0 ? 0 : elements.count / n
    let parts = (0..<n).map { i in
      let start = elements.startIndex + i * stride
      return text(elements[start..<start + stride], shape.dropFirst())
    }
    return "[\(parts.joined(separator: ", "))]"
  }

}

/// Returns the text of `x`, which reads back as the same number.
///
/// - Requires: `x` is finite.
package func numberText(_ x: Double) -> String {
  if x == x.rounded(), abs(x) < 1e15 {
    return x.sign == .minus ? "-\(Int(-x))" : "\(Int(x))"
  }
  return "\(x)"
}

extension Scalar {

  /// Returns the text of `self`.
  func text(in dimensions: [Dimension]) -> String { text(in: dimensions, above: 0) }

  /// Returns the text of `self`, in parentheses if it binds less than `strength`.
  private func text(in dimensions: [Dimension], above strength: Int) -> String {
    switch self {
    case .number(let x): return numberText(x.value)
    case .dimension(let d): return dimensions[d].name
    case .negated(let x): return "-\(x.text(in: dimensions, above: 3))"
    case .squareRoot(let x): return "sqrt(\(x.text(in: dimensions)))"
    case .binary(let op, let a, let b):
      let own = op == .add || op == .subtract ? 1 : 2
      let left = a.text(in: dimensions, above: own)
      let right = b.text(in: dimensions, above: own + 1)
      let text = "\(left) \(op.rawValue) \(right)"
      return own < strength ? "(\(text))" : text
    }
  }

}
