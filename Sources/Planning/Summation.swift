/// The order in which the terms of a sum are added.
///
/// It is the same for every vector width and number of threads, so that the bits are, and it keeps
/// the relative error of a sum of numbers of one sign below 1e-6, however many there are: a few
/// terms are added one after the other, and the sums of those groups are added by compensated
/// summation, whose error hardly grows with their number.
///
/// The terms of a product are added in groups, too, and the sums of groups one after the other;
/// those of a long part make blocks, which are added by compensated summation.
///
/// Along a row, term *i* belongs to partial sum *i* mod `lanes`, and partial sums are added as
/// halves to halves at the end. Across rows, each column has a sum of its own.
package enum Summation {

  /// The partial sums of a row: the lanes of the widest vector.
  package static let lanes = 16

  /// The terms of a partial sum of a row that are added one after the other.
  package static let rowGroup = 8

  /// The terms of a column that are added one after the other.
  package static let columnGroup = 16

  /// The terms of a product that are added one after the other.
  package static let productGroup = 128

  /// The terms of a block of a long part, whose groups are added one after the other.
  package static let productBlock = 2048

  /// The most terms of a part of a product that is not long.
  package static let shortPart = 1024

}
