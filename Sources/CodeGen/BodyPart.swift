/// The names that parts of a function may need a parameter or a definition for.
struct BodyContext {

  /// The names of the parameters of the whole function.
  let parameters: [String]

  /// Other pointers, each with the line that defines it unless a part does so itself.
  let pointers: [(name: String, line: String)]

  private let parameterPositions: [String: Int]
  private let pointerPositions: [String: Int]

  init(parameters: [String], pointers: [(name: String, line: String)]) {
    func positions(_ names: [String]) -> [String: Int] {
      Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    }
    self.parameters = parameters
    self.pointers = pointers
    parameterPositions = positions(parameters)
    pointerPositions = positions(pointers.map(\.name))
  }

  /// The typed pointers to memory, what they are made of, and their elements.
  static let bases = [
    ("numbers", "workspace", "Float"), ("integers", "workspace", "Int32"),
    ("values", "weights", "Float"), ("places", "weights", "Int32"),
  ]

  /// Returns the positions of the parameters in `words`, in order; likewise of the others.
  func parameters(in words: Set<String>) -> [Int] {
    words.compactMap { parameterPositions[$0] }.sorted()
  }

  func pointers(in words: Set<String>) -> [Int] {
    words.compactMap { pointerPositions[$0] }.sorted()
  }

}

/// Lines that become the body of one function, and the words in them.
struct BodyPart {

  private(set) var body = SourceWriter()

  /// The lines of the body that count.
  private var count = 0

  /// The identifiers in the lines, and those that are defined there.
  private var words: Set<String> = []
  private var defined: Set<String> = []

  /// Returns `pieces`, one after the other, as bodies of functions that have up to `limit` lines,
  /// unless a piece alone has more.
  static func parts(
    of pieces: [SourceWriter], in context: BodyContext, limit: Int
  ) -> [BodyPart] {
    var result = [BodyPart()]
    for piece in pieces {
      let last = result.count - 1
      let known = (words: result[last].words, defined: result[last].defined)
      result[last].learn(piece)
      if !result[last].body.lines.isEmpty, result[last].length(with: piece, in: context) > limit {
        (result[last].words, result[last].defined) = known
        result.append(BodyPart())
        result[last + 1].learn(piece)
      }
      result[result.count - 1].append(piece)
    }
    return result
  }

  /// Adds the words of `piece`, which is appended next.
  private mutating func learn(_ piece: SourceWriter) {
    words.formUnion(piece.words)
    for line in piece.lines where line.hasPrefix("var ") {
      defined.insert(String(line.dropFirst("var ".count).prefix { $0 != " " }))
    }
  }

  private mutating func append(_ piece: SourceWriter) {
    body.append(piece)
    count += Self.count(piece)
  }

  /// Returns the number of lines of `text` but for those for debuggers, so that these change
  /// nothing else.
  private static func count(_ text: SourceWriter) -> Int {
    text.lines.count { !$0.drop { $0 == " " }.hasPrefix(GeneratedFile.Location.keyword) }
  }

  /// The lines of the function with `piece`, whose words are known: the body, definitions, and a
  /// head with about two parameters a line.
  private func length(with piece: SourceWriter, in context: BodyContext) -> Int {
    let needed = needed(in: context)
    let definitions = definitions(of: needed, in: context)
    let heads = definitions.count + context.parameters(in: needed).count / 2 + 4
    return count + Self.count(piece) + heads
  }

  /// The identifiers that the body needs, with those that its definitions need.
  private func needed(in context: BodyContext) -> Set<String> {
    var result = words
    for i in pointers(in: context) {
      result.formUnion(SourceWriter.words(in: context.pointers[i].line))
    }
    for (name, base, _) in BodyContext.bases where result.contains(name) { result.insert(base) }
    return result
  }

  /// Returns the positions of the pointers that the function defines; those to final states may
  /// need others.
  private func pointers(in context: BodyContext) -> [Int] {
    let own = context.pointers(in: words).filter { !defined.contains(context.pointers[$0].name) }
    let used = own.flatMap { SourceWriter.words(in: context.pointers[$0].line) }
    return context.pointers(in: Set(used))
  }

  /// Returns the positions of the parameters that the function needs.
  func parameters(in context: BodyContext) -> [Int] {
    context.parameters(in: needed(in: context))
  }

  /// Returns the lines before the body, which define what it uses.
  func definitions(in context: BodyContext) -> [String] {
    definitions(of: needed(in: context), in: context)
  }

  private func definitions(of needed: Set<String>, in context: BodyContext) -> [String] {
    var result: [String] = []
    for (name, base, element) in BodyContext.bases where needed.contains(name) {
      result.append("let \(name) = \(base).assumingMemoryBound(to: \(element).self)")
    }
    return result + pointers(in: context).map { context.pointers[$0].line }
  }

}
