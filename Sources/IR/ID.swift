/// The identity of an `Element` in the array that owns it.
///
/// Identities are dense, stable while the array lives, and meaningless in any other array.
package struct ID<Element>: Hashable, Comparable, Sendable {

  /// The position of the element in its array.
  package let rawValue: UInt32

  /// Creates the identity of the element at `position`.
  package init(_ position: Int) {
    self.rawValue = UInt32(position)
  }

  /// The position of the element in its array.
  package var position: Int { Int(rawValue) }

  package static func < (a: ID, b: ID) -> Bool { a.rawValue < b.rawValue }

}

extension Array {

  /// Accesses the element `id`.
  package subscript(id: ID<Element>) -> Element {
    get { self[id.position] }
    set { self[id.position] = newValue }
  }

  /// The identities of all elements, in order.
  package var ids: [ID<Element>] { indices.map { ID($0) } }

  /// Appends `element` and returns its identity.
  package mutating func add(_ element: Element) -> ID<Element> {
    append(element)
    return ID(count - 1)
  }

}
