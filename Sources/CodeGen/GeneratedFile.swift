import Diagnostics
import IR
import Planning

/// The Swift file of a model.
package struct GeneratedFile: Sendable {

  /// The options of `swiftc` with which the file is fast, besides the module's name.
  package var compilerFlags: [String]

  /// The text.
  package private(set) var text = ""

  /// The type that the file declares.
  package let typeName: String

  /// The beginning of the names of the C functions that the file declares.
  package let symbolPrefix: String

  /// The words of the text that are no names of the graph.
  package let ownWords: Set<String>

  /// The name of the module in the command at the head of the text; a module called like its type
  /// would hide it.
  package var moduleName: String { "\(typeName)Module" }

  /// The name of the file: that of the model in lower case. A file called `main.swift` is a
  /// program.
  package var name: String {
    let name = symbolPrefix.lowercased()
    return name == "main" ? "main_.swift" : "\(name).swift"
  }

  /// A line of a graph's text.
  package struct Location: Hashable, Sendable {

    package let file: String
    package let line: Int

    /// Creates the location of `line`, from one, of `file`.
    package init(file: String, line: Int) {
      self.file = file
      self.line = line
    }

    /// The beginning of lines that say to which location others belong.
    static let keyword = "#sourceLocation"

    /// The Swift statement by which what follows belongs to the location.
    ///
    /// The name of a file may be anything: all but plain characters are escaped.
    var statement: String {
      let name = file.unicodeScalars.map { scalar -> String in
        let isPlain = scalar.isASCII && scalar.value >= 32 && scalar != "\"" && scalar != "\\"
        return isPlain ? String(scalar) : "?"
      }
      return "\(Self.keyword)(file: \"\(name.joined())\", line: \(line))"
    }

  }

  /// Writes `plan` of `module`, to be compiled with `compilerFlags`.
  ///
  /// If `location` gives one for the span of a node, debuggers show it for the node's code. Calls
  /// that repeat are in loops, where that saves many, or wherever it is possible if `loopingAll`.
  ///
  /// - Requires: `plan` was made from `module`.
  package init(
    _ plan: Plan, of module: Module, compilerFlags: [String], loopingAll: Bool = false,
    location: ((SourceSpan) -> Location?)? = nil
  ) {
    self.compilerFlags = compilerFlags
    symbolPrefix = SwiftNames.stem(module.name)
    var emitter = Emitter(plan: plan)
    var entries = SourceWriter()
    let api = ModelEmitter(plan: plan, module: module)
    var words = api.words
    func emit(_ entry: (SwiftNames) -> EntryEmitter) {
      entries.gap()
      var (anonymous, discarded) = (SourceWriter(), emitter)
      entry(.anonymous).emit(into: &anonymous, &discarded)
      // A function defines the typed pointers that occur in it as words, whoever wrote them.
      let own = SwiftNames.words(of: anonymous.lines).union(BodyContext.bases.map(\.0))
      words.formUnion(own)
      entry(SwiftNames(avoiding: own)).emit(into: &entries, &emitter)
    }
    emit {
      EntryEmitter(
        bindOf: plan, module: module, names: $0, loopingAll: loopingAll, location: location)
    }
    for i in plan.entries.indices {
      emit {
        EntryEmitter(
          entry: i, of: plan, module: module, names: $0, loopingAll: loopingAll, location: location)
      }
    }
    var support = SourceWriter()
    api.emitCheckFunctions(into: &support)
    support.gap()
    api.emitMoveType(into: &support)
    Self.emitSupport(emitter, &support)
    words.formUnion(SwiftNames.words(of: support.lines))
    ownWords = words
    typeName = SwiftNames.type(module.name, avoiding: words)
    var writer = SourceWriter()
    emitHeader(plan, module, &writer)
    api.emit(as: typeName, into: &writer)
    writer.gap()
    api.emitSymbols(prefix: symbolPrefix, into: &writer)
    writer.gap()
    writer.append(entries)
    writer.gap()
    writer.append(support)
    text = writer.text
  }

  private func emitHeader(_ plan: Plan, _ module: Module, _ writer: inout SourceWriter) {
    writer.line("// The model \(module.name), written by graphc. Do not edit.")
    writer.line("//")
    writer.line("// Compile with these options; without them the code is right, but slow:")
    let command =
      ["swiftc"] + compilerFlags + ["-parse-as-library", "-emit-library"]
      + ["-module-name", moduleName, name]
    writer.comment(command.joined(separator: " "))
    writer.line("//")
    let machine = plan.machine
    let caches = machine.cacheBytes.map { "\($0 / 1024)" }.joined(separator: ", ")
    writer.comment(
      "Target: \(machine.name), \(machine.lanes) lanes, \(machine.registers) registers, caches of "
        + "\(caches) KiB.")
    let dimensions = module.dimensions.map { "\($0.name) = \($0.value)" }
    if !dimensions.isEmpty {
      writer.comment("Dimensions: \(dimensions.joined(separator: ", ")).")
    }
    writer.comment("Passes: \(module.finishedPasses.joined(separator: ", ")).")
    writer.line("")
  }

  /// Appends kernels, tiles and vector operations.
  private static func emitSupport(_ emitter: Emitter, _ writer: inout SourceWriter) {
    for function in emitter.functions {
      writer.gap()
      for line in function.lines { writer.line(line) }
    }
    for (shape, ranges) in emitter.tiles.sorted(by: { $0.key < $1.key }) {
      writer.gap()
      writer.append(emitter.tileText(shape, ranges))
    }
    writer.gap()
    emitClipping(emitter, &writer)
    let target = VectorTarget(lanes: emitter.lanes)
    let text = VectorOperation.source(of: emitter.operations, for: target)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      writer.line(String(line))
    }
  }

  /// Appends the loads and stores that keep to a count.
  private static func emitClipping(_ emitter: Emitter, _ writer: inout SourceWriter) {
    let lanes = emitter.lanes
    let variants: [(VectorOperation, String, String)] = [
      (.loadFirst, "Vector", "Float"), (.loadFirstIntegers, "Integers", "Int32"),
    ]
    for (operation, vector, element) in variants where emitter.clipped.contains(operation) {
      writer.block(
        "@inline(__always) fileprivate func load(_ p: UnsafePointer<\(element)>, upTo n: Int) "
          + "-> \(vector) {"
      ) {
        $0.line(
          "n >= \(lanes) ? load(p) : n > 0 ? load(p, count: n) : \(vector)()")
      }
      writer.gap()
    }
    let strided: [(VectorOperation, String, String)] = [
      (.loadFirstStrided, "Vector", "Float"),
      (.loadFirstStridedIntegers, "Integers", "Int32"),
    ]
    for (operation, vector, element) in strided where emitter.clipped.contains(operation) {
      writer.line("@inline(__always)")
      writer.function(
        "fileprivate func load",
        ["_ p: UnsafePointer<\(element)>", "stride: Int", "upTo n: Int"], " -> \(vector)"
      ) {
        $0.line("n > 0 ? load(p, stride: stride, count: min(n, \(lanes))) : \(vector)()")
      }
      writer.gap()
    }
    let stores: [(VectorOperation, String, String, Bool)] = [
      (.storeFirst, "Vector", "Float", false),
      (.storeFirstIntegers, "Integers", "Int32", false),
      (.storeFirstStrided, "Vector", "Float", true),
      (.storeFirstStridedIntegers, "Integers", "Int32", true),
    ]
    for (operation, vector, element, isStrided) in stores
    where emitter.clipped.contains(operation) {
      let stride = isStrided ? ["stride: Int"] : []
      let label = isStrided ? ", stride: stride" : ""
      writer.line("@inline(__always)")
      writer.function(
        "fileprivate func store",
        ["_ v: \(vector)", "_ p: UnsafeMutablePointer<\(element)>"] + stride + ["upTo n: Int"]
      ) {
        if isStrided {
          $0.line("if n > 0 { store(v, p\(label), count: min(n, \(lanes))) }")
        } else {
          $0.line("if n >= \(lanes) { store(v, p) } else if n > 0 { store(v, p, count: n) }")
        }
      }
      writer.gap()
    }
  }

}
