import Testing

@testable import Tensors

@Suite struct SHA256Tests {

  /// The examples that accompany FIPS 180-4.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
        + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func givesThePublishedHashes(_ message: String, _ hash: String) {
    #expect(SHA256.hexadecimal(of: Array(message.utf8)) == hash)
  }

  /// The long example; an argument would be printed.
  @Test func givesThePublishedHashOfAMillionBytes() {
    let message = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    #expect(
      SHA256.hexadecimal(of: message)
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func doesNotDependOnHowTheBytesArePassed() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for count in 0...bytes.count {
      var hash = SHA256()
      hash.update(Array(bytes[..<count]))
      hash.update(Array(bytes[count...]))
      #expect(hash.hexadecimal() == SHA256.hexadecimal(of: bytes))
    }
  }

  @Test func tellsListsOfFieldsApart() {
    var (a, b) = (SHA256(), SHA256())
    a.update(field: "ab")
    a.update(field: "c")
    b.update(field: "a")
    b.update(field: "bc")
    #expect(a.hexadecimal() != b.hexadecimal())
  }

}
