import IR

/// The size of a matrix product.
struct ProductSize {

  /// The rows of the parts.
  var rows: Double

  /// The elements of the weights, each of which every row is multiplied by once.
  var weights: Double

}

/// What a matrix product costs, and why.
struct ProductPrice {

  /// The cycles that multiplying and adding takes.
  let arithmetic: Double

  /// The cycles that reading the weights takes.
  let reading: Double

  /// The cycles of the product: the processor reads while it multiplies.
  var cycles: Double { max(arithmetic, reading) }

  /// `true` iff arithmetic takes longer than reading.
  var isBoundByArithmetic: Bool { arithmetic >= reading }

}

extension Machine {

  /// Returns the price of a product, whose weights are among `footprint` bytes that are visited in
  /// turn.
  ///
  /// A tile of *m* rows and *v* vectors of columns loads *m* + *v* vectors for *m* *v*
  /// multiply-adds, as many of which as loads start in a cycle. Four vectors of columns hide the
  /// latency for any number of rows; with them, only a single row is bound by its loads.
  func price(of size: ProductSize, footprint: Double) -> ProductPrice {
    let vectors = 4.0
    let tileRows = min(max(size.rows, 1), Double(registers) / vectors - 2)
    let efficiency = min(1, tileRows * vectors / (tileRows + vectors))
    let rate = Double(lanes) * multiplyAddsPerCycle * (hasFusedMultiplyAdd ? 1 : 0.5) * efficiency
    return ProductPrice(
      arithmetic: size.rows * size.weights / rate,
      reading: size.weights * 4 / bandwidth(forFootprint: footprint))
  }

  /// Returns the cycles that writing `bytes` and reading them again takes.
  func transfer(of bytes: Double) -> Double {
    2 * bytes / bandwidth(forFootprint: bytes)
  }

  private func bandwidth(forFootprint bytes: Double) -> Double {
    bandwidth(forFootprint: Int(min(bytes, 1e15)))
  }

}

/// Returns two numbers of cycles as a person compares them: with more digits where they differ and
/// would look the same.
func cyclesTexts(_ a: Double, _ b: Double) -> (String, String) {
  for digits in 0...4 {
    let texts = [a, b].map { "\(quantityText($0 / 1000, moreDigits: digits)) kcycles" }
    if texts[0] != texts[1] || a == b || digits == 4 { return (texts[0], texts[1]) }
  }
  preconditionFailure("the last number of digits is always taken")
}

/// Returns a number of bytes as a person reads it.
func bytesText(_ bytes: Double) -> String {
  bytes < 1e6 ? "\(quantityText(bytes / 1e3)) kB" : "\(quantityText(bytes / 1e6)) MB"
}

/// Returns `x`, which is not negative, with one decimal if it is small and without otherwise, and
/// `moreDigits` more.
private func quantityText(_ x: Double, moreDigits: Int = 0) -> String {
  guard x < 1e15 else { return "\(x)" }
  let digits = (x >= 9.95 ? 0 : 1) + moreDigits
  let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
  let (whole, part) = Int((x * Double(scale)).rounded()).quotientAndRemainder(dividingBy: scale)
  if digits == 0 { return "\(whole)" }
  let decimals = String(part)
  return "\(whole).\(String(repeating: "0", count: digits - decimals.count))\(decimals)"
}
