import Testing

@Suite struct FileTests {

  @Test(arguments: FileTest.all)
  func matchesExpectations(_ test: FileTest) throws {
    try test.check()
  }

}
