import Tensors

/// How a model reads and writes a text: what cuts it into symbols, and the numbers of these.
package struct TextCoding: Equatable, Sendable {

  /// The way in which a text is cut.
  package let tokenizer: Tokenizer

  /// The numbering of the symbols.
  package let vocabulary: Vocabulary

  /// The names of the classes of texts, in the order of their indices; `nil` if texts have none.
  package let classes: [ExactText]?

  /// The keys of the remarks that hold these in a file of weights.
  private static let keys = (
    tokenizer: ExactText("tokenizer"), vocabulary: ExactText("vocabulary"),
    classes: ExactText("classes")
  )

  /// Creates a coding.
  package init(tokenizer: Tokenizer, vocabulary: Vocabulary, classes: [ExactText]? = nil) {
    self.tokenizer = tokenizer
    self.vocabulary = vocabulary
    self.classes = classes
  }

  /// Creates the coding in the remarks of `weights`, a file that messages call `name`; `nil` if
  /// there is none.
  ///
  /// Throws if there is one that cannot be used.
  package init?(_ weights: Safetensors, name: String) throws(TextError) {
    let metadata = weights.metadata
    let (cut, list) = (metadata[Self.keys.tokenizer], metadata[Self.keys.vocabulary])
    if cut == nil && list == nil { return nil }
    guard let cut, let list else {
      let (found, missing) = cut == nil ? ("vocabulary", "tokenizer") : ("tokenizer", "vocabulary")
      throw TextError("'\(name)' has a \(found), but no \(missing)")
    }
    guard let tokenizer = Tokenizer(rawValue: cut) else {
      let names = Tokenizer.allCases.map(\.rawValue).joined(separator: " or ")
      throw TextError("'\(name)' has the tokenizer \(quoted(ExactText(cut))), expected \(names)")
    }
    self.tokenizer = tokenizer
    do {
      vocabulary = try Vocabulary(symbols: Self.symbols(list))
    } catch {
      throw TextError("the vocabulary in '\(name)' cannot be used: \(error.message)")
    }
    do {
      classes = try metadata[Self.keys.classes].map(Self.classes)
    } catch {
      throw TextError("the classes in '\(name)' cannot be used: \(error.message)")
    }
  }

  /// Returns the names of classes in the JSON array `text`.
  private static func classes(_ text: String) throws(TextError) -> [ExactText] {
    let classes = try symbols(text)
    if classes.isEmpty { throw TextError("there are none") }
    var seen: Set<ExactText> = []
    if let twice = classes.first(where: { !seen.insert($0).inserted }) {
      throw TextError("\(quoted(twice)) occurs twice")
    }
    return classes
  }

  /// Returns the strings in the JSON array `text`.
  private static func symbols(_ text: String) throws(TextError) -> [ExactText] {
    let value: JSON
    do {
      value = try JSON(parsing: Array(text.utf8))
    } catch {
      throw TextError("\(error.message) at byte \(error.offset)")
    }
    guard let elements = value.elements else {
      throw TextError("found \(value.kind), expected an array")
    }
    var result: [ExactText] = []
    for (index, element) in elements.enumerated() {
      guard let symbol = element.text else {
        throw TextError("found \(element.kind) as symbol \(index), expected a string")
      }
      result.append(ExactText(symbol))
    }
    return result
  }

  /// The remarks by which a file of weights says what the coding is.
  package var metadata: [ExactText: String] {
    func list(_ texts: [ExactText]) -> String {
      JSON.array(texts.map { JSON.string($0.string) }).printed(.compact)
    }
    var result = [
      Self.keys.tokenizer: tokenizer.rawValue, Self.keys.vocabulary: list(vocabulary.symbols),
    ]
    if let classes { result[Self.keys.classes] = list(classes) }
    return result
  }

  /// Returns the indices of the tokens of `prefix`, which a model goes on from.
  ///
  /// Throws if there is none, or one of them is not in the vocabulary.
  package func indices(ofPrefix prefix: String) throws(TextError) -> [Int32] {
    let tokens = tokenizer.tokens(of: prefix, knowing: vocabulary)
    if tokens.isEmpty {
      throw TextError(
        prefix.isEmpty
          ? "the prefix is empty, expected a text to go on from"
          : "the prefix has no tokens under '\(tokenizer.rawValue)', expected at least one")
    }
    if let unknown = tokens.first(where: { vocabulary.index(of: $0) == 0 }) {
      throw TextError("the prefix has \(quoted(unknown)), which is not in the vocabulary")
    }
    return vocabulary.indices(of: tokens)
  }

  /// Returns the text of the symbols with the indices `tokens`.
  ///
  /// - Requires: they are indices of symbols.
  package func text(of tokens: [Int32]) -> String {
    tokens.map { vocabulary[Int($0)].string }.joined()
  }

}
