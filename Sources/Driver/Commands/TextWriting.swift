import Runner
import Tensors
import Text

/// The writing of a text by a model that goes on from a prefix.
struct TextWriting {

  let port: TextPort
  let coding: TextCoding
  let choice: TokenChoice

  /// Throws if entry `step` of `manifest` needs more than tokens.
  func check(_ manifest: Manifest) throws(RunnerError) {
    let inputs = manifest.entries.first { $0.name == "step" }?.inputs ?? []
    let missing = inputs.filter { $0.name != port.input && $0.defaultValue == nil }
    guard missing.isEmpty else {
      throw RunnerError(
        .input, "the model needs more than a text to go on from",
        details: missing.map { "entry 'step' reads '\($0.name)', too" })
    }
  }

  /// Returns `prefix`, indices of tokens, and `length` tokens more as a text.
  ///
  /// `session`, whose weights are bound, starts afresh and does one step for each token.
  ///
  /// - Requires: `check` accepted the session's manifest; `prefix` is not empty.
  func text(
    _ session: Session, prefix: [Int32], length: Int
  ) throws(RunnerError) -> String {
    guard let entry = session.manifest.entries.first(where: { $0.name == "step" }),
      let input = entry.inputs.firstIndex(where: { $0.name == port.input }),
      let output = entry.outputs.firstIndex(where: { $0.name == port.logits })
    else { preconditionFailure("the model has the values of its port") }
    session.reset()
    let rows = entry.inputs[input].shape.reduce(1, *)
    let none = Tensor(shape: entry.inputs[input].shape, .int64(Array(repeating: 0, count: rows)))
    let call = try session.prepare(entry: "step", inputs: [port.input: none])
    let vocabulary = coding.vocabulary
    var result = ""
    func read(_ token: Int32) throws(RunnerError) {
      result += vocabulary[Int(token)].string
      call.setInput(input, to: Array(repeating: token, count: rows))
      try session.runPrepared(call)
    }
    for token in prefix { try read(token) }
    for position in 0..<length {
      // Where there are several rows, all are alike.
      let logits = Array(call.floats(ofOutput: output).prefix(vocabulary.count))
      guard let token = choice.token(logits: logits, position: position) else {
        throw RunnerError(
          .input, "no character \(position + 1) can be chosen: the logits are not finite numbers")
      }
      try read(Int32(token))
    }
    return result
  }

}
