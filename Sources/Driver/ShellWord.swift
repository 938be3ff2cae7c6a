/// Returns `word` as a shell reads it.
func shellWord(_ word: String) -> String {
  let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%"
  if !word.isEmpty, word.allSatisfy(plain.contains) { return word }
  return "'\(word.replacing("'", with: #"'\''"#))'"
}
