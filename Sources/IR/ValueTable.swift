/// What belongs to values of one graph, by their places.
///
/// Most nodes have one result: what belongs to a first result is found without hashing.
struct ValueTable<Element> {

  /// What belongs to the first result of each node.
  private var first: [Element?]

  /// What belongs to the other results.
  private var others: [Value: Element] = [:]

  /// Creates an empty table of the values of `graph`.
  init(of graph: Graph) {
    first = Array(repeating: nil, count: graph.nodes.count)
  }

  /// What belongs to `value`.
  subscript(value: Value) -> Element? {
    get { value.result == 0 ? first[value.node.position] : others[value] }
    set {
      if value.result == 0 {
        first[value.node.position] = newValue
      } else {
        others[value] = newValue
      }
    }
  }

}
