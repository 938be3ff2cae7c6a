/// The attributes of dropout: each element is dropped, that is 0, with probability `rate`, and
/// divided by 1 - `rate` otherwise.
///
/// As a person writes it, the only operand is the value: training drops, everything else does not.
/// The pass `entries` writes out which elements these are. They are a function of the site, the
/// place of the element and three operands behind the value, each an index or an integer in the
/// text: the seed, the number of the update and the step, which is `offset` steps behind the
/// operand.
///
///     dropout(x, rate: 0.5)
///     dropout(x, rate: 0.5, site: 3, seed: seed, update: update, step: t + 1)
package struct Dropout: Hashable, Sendable {

  /// What a seed and the number of an update are less than.
  package static let counterLimit = 1 << 31

  /// The probability that an element is dropped, at least 0 and less than 1.
  package var rate: Double

  /// The number of the place in the text; `nil` until it is written out.
  package var site: Int?

  /// The steps between the operand that is one and the step that is meant.
  package var offset: Int

  /// Creates the attributes of dropout.
  package init(rate: Double, site: Int? = nil, offset: Int = 0) {
    self.rate = rate
    self.site = site
    self.offset = offset
  }

  /// The position of the step among the operands, if they are written out.
  package var stepOperand: Int? { site == nil ? nil : 3 }

}

extension Op {

  /// The position of an operand that may be the step of a scan and with which nothing but the
  /// operation's own attributes reckons; `nil` if there is none.
  package var stepOperand: Int? {
    if case .dropout(let dropout) = self { return dropout.stepOperand }
    return nil
  }

  /// Returns the operation that reads its step `distance` steps behind the one it has read so far.
  package func moved(by distance: Int) -> Op {
    guard case .dropout(var dropout) = self, dropout.site != nil else { return self }
    dropout.offset += distance
    return .dropout(dropout)
  }

}

extension Node {

  /// `true` iff the node reads `step`, an argument of a block, if at all only to know a place or a
  /// step behind it that its own attributes tell.
  package func readsOnlyPlace(of step: Value) -> Bool {
    if case .at = op { return true }
    return operands.indices.allSatisfy { operands[$0] != step || op.stepOperand == $0 }
  }

}
