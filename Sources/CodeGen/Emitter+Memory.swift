import Planning

/// How many lanes of a vector count.
enum Lanes {

  /// All of them.
  case all

  /// The first ones; the Swift expression says how many, between one and all.
  case first(String)

  /// As many as the Swift expression says: none where it is not positive, all where it is larger.
  case upTo(String)

}

extension Emitter {

  /// Returns the Swift expression that loads a vector of elements `stride` apart from `pointer`.
  mutating func load(
    _ pointer: String, _ scalar: Scalar32, stride: Int, _ lanes: Lanes
  ) -> String {
    let isFloat = scalar == .float
    if stride == 0 {
      use(isFloat ? .splat : .splatIntegers)
      return "splat((\(pointer)).pointee)"
    }
    switch (lanes, stride) {
    case (.all, 1):
      use(isFloat ? .load : .loadIntegers)
      return "load(\(pointer))"
    case (.all, _):
      use(isFloat ? .loadStrided : .loadStridedIntegers)
      return "load(\(pointer), stride: \(stride))"
    case (.first(let n), 1):
      use(isFloat ? .loadFirst : .loadFirstIntegers)
      return "load(\(pointer), count: \(n))"
    case (.first(let n), _):
      use(isFloat ? .loadFirstStrided : .loadFirstStridedIntegers)
      return "load(\(pointer), stride: \(stride), count: \(n))"
    case (.upTo(let n), _):
      if stride == 1 {
        useClipped(
          isFloat ? .loadFirst : .loadFirstIntegers, whole: isFloat ? .load : .loadIntegers)
      } else {
        let operation = isFloat ? VectorOperation.loadFirstStrided : .loadFirstStridedIntegers
        useClipped(operation, whole: operation)
      }
      return stride == 1
        ? "load(\(pointer), upTo: \(n))" : "load(\(pointer), stride: \(stride), upTo: \(n))"
    }
  }

  /// Returns the Swift statement that stores the vector `value` with elements `stride` apart.
  mutating func store(
    _ value: String, _ pointer: String, _ scalar: Scalar32, stride: Int, _ lanes: Lanes
  ) -> String {
    let isFloat = scalar == .float
    switch (lanes, stride) {
    case (.all, 1):
      use(isFloat ? .store : .storeIntegers)
      return "store(\(value), \(pointer))"
    case (.all, _):
      use(isFloat ? .storeStrided : .storeStridedIntegers)
      return "store(\(value), \(pointer), stride: \(stride))"
    case (.first(let n), 1):
      use(isFloat ? .storeFirst : .storeFirstIntegers)
      return "store(\(value), \(pointer), count: \(n))"
    case (.first(let n), _):
      use(isFloat ? .storeFirstStrided : .storeFirstStridedIntegers)
      return "store(\(value), \(pointer), stride: \(stride), count: \(n))"
    case (.upTo(let n), _):
      if stride == 1 {
        useClipped(
          isFloat ? .storeFirst : .storeFirstIntegers, whole: isFloat ? .store : .storeIntegers)
      } else {
        let operation = isFloat ? VectorOperation.storeFirstStrided : .storeFirstStridedIntegers
        useClipped(operation, whole: operation)
      }
      return stride == 1
        ? "store(\(value), \(pointer), upTo: \(n))"
        : "store(\(value), \(pointer), stride: \(stride), upTo: \(n))"
    }
  }

}
