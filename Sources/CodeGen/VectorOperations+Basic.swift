import IR

/// The source text of an operation: either two forms or one that serves both.
struct OperationText {

  /// The form over the `Builtin` module.
  var builtin = ""

  /// The form over the standard library.
  var standard = ""

  /// The form over other operations.
  var common = ""

}

/// The names of the type of a vector and of its parts in generated text.
struct VectorNames {

  /// The type of the vector.
  let type: String

  /// The type of an element.
  let element: String

  /// The type of the vector in the names of builtins.
  let builtin: String

}

extension VectorOperation {

  func multiplyAddText(_ v: VectorNames) -> OperationText {
    let head = "\(inlined) multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {"
    return OperationText(
      builtin: """
        \(head)
          let (a, b, c) = (a._storage._value, b._storage._value, c._storage._value)
          return Builtin.reinterpretCast(Builtin.int_fmuladd_\(v.builtin)(a, b, c))
        }
        """,
      standard: """
        \(head)
          a * b + c
        }
        """)
  }

  /// Returns the text of an operation on two vectors of one type with a result of that type.
  func arithmetic(
    _ builtin: String, _ standard: String, _ v: VectorNames
  ) -> OperationText {
    let head = "\(inlined) \(rawValue)(_ a: \(v.type), _ b: \(v.type)) -> \(v.type) {"
    let arguments = "a._storage._value, b._storage._value"
    let flat = "\(head) \(standard) }"
    // The text is indented by two columns.
    let fits = flat.utf8.count + 2 <= SourceWriter.width
    return OperationText(
      builtin: """
        \(head)
          Builtin.reinterpretCast(Builtin.\(builtin)_\(v.builtin)(\(arguments)))
        }
        """,
      standard: fits ? flat : "\(head)\n  \(standard)\n}")
  }

  /// Returns the text of an operation on one vector.
  func unary(
    _ builtin: String, _ standard: String, _ v: VectorNames, _ result: VectorNames
  ) -> OperationText {
    let head = "\(inlined) \(rawValue)(_ a: \(v.type)) -> \(result.type) {"
    return OperationText(
      builtin: """
        \(head)
          Builtin.reinterpretCast(Builtin.\(builtin)(a._storage._value))
        }
        """,
      standard: "\(head) \(standard) }")
  }

  /// Returns the text of the square root.
  ///
  /// The standard library's `squareRoot()` becomes a call of `sqrtf`, which need not be linked. The
  /// standard form is Heron's method in double precision instead: halving the exponent leaves an
  /// error of 6 %, four steps less than the distance of a root from a rounding boundary.
  func squareRootText(_ v: VectorNames) -> OperationText {
    var text = unary("int_sqrt_\(v.builtin)", "", v, v)
    text.standard = """
      \(inlined) squareRoot(_ a: Vector) -> Vector {
        var root = a
        for i in a.indices where a[i] > 0 && a[i] < .infinity {
          let x = Double(a[i])
          var y = Double(bitPattern: x.bitPattern >> 1 + 0x1ff8_0000_0000_0000)
          for _ in 0..<4 { y = (y + x / y) / 2 }
          root[i] = Float(y)
        }
        return root.replacing(with: .nan, where: a .< 0)
      }
      """
    return text
  }

  func absoluteText(_ v: VectorNames) -> OperationText {
    var text = unary("int_fabs_\(v.builtin)", "", v, v)
    text.standard = """
      \(inlined) absolute(_ a: Vector) -> Vector {
        unsafeBitCast(unsafeBitCast(a, to: Integers.self) & 0x7fff_ffff, to: Vector.self)
      }
      """
    return text
  }

  func copySignText(_ v: VectorNames) -> OperationText {
    let head = "\(inlined) copySign(_ a: Vector, _ b: Vector) -> Vector {"
    return OperationText(
      builtin: """
        \(head)
          let (a, b) = (a._storage._value, b._storage._value)
          return Builtin.reinterpretCast(Builtin.int_copysign_\(v.builtin)(a, b))
        }
        """,
      standard: """
        \(head)
          let (i, j) = (unsafeBitCast(a, to: Integers.self), unsafeBitCast(b, to: Integers.self))
          return unsafeBitCast(i & .max | j & .min, to: Vector.self)
        }
        """)
  }

  /// Returns the text of `flush`: a comparison of bits and a mask, since arithmetic on denormal
  /// numbers is slow on some processors. Magnitudes are in the order of their bits, and NaN is
  /// above all.
  func flushText(_ n: Int) -> OperationText {
    let head = "\(inlined) flush(_ a: Vector) -> Vector {"
    let limit = "0x" + String(Float(Unary.flushLimit).bitPattern, radix: 16)
    return OperationText(
      builtin: """
        \(head)
          let bits = Builtin.bitcast_Vec\(n)xFPIEEE32_Vec\(n)xInt32(a._storage._value)
          let sign = Integers(repeating: .min)._storage._value
          let rest = Integers(repeating: .max)._storage._value
          let limit = Integers(repeating: \(limit))._storage._value
          let magnitude = Builtin.and_Vec\(n)xInt32(bits, rest)
          let isKept = Builtin.cmp_sge_Vec\(n)xInt32(magnitude, limit)
          let mask = Builtin.sext_Vec\(n)xInt1_Vec\(n)xInt32(isKept)
          let kept = Builtin.or_Vec\(n)xInt32(mask, sign)
          return Builtin.reinterpretCast(Builtin.and_Vec\(n)xInt32(bits, kept))
        }
        """,
      standard: """
        \(head)
          let bits = unsafeBitCast(a, to: Integers.self)
          let flushed = bits.replacing(with: bits & .min, where: bits & .max .< \(limit))
          return unsafeBitCast(flushed, to: Vector.self)
        }
        """)
  }

  func notText(_ v: VectorNames) -> OperationText {
    let head = "\(inlined) not(_ a: Integers) -> Integers {"
    return OperationText(
      builtin: """
        \(head)
          let one = Integers(repeating: 1)._storage._value
          return Builtin.reinterpretCast(Builtin.xor_\(v.builtin)(a._storage._value, one))
        }
        """,
      standard: "\(head) a ^ 1 }")
  }

  func comparison(
    _ name: String, _ builtin: String, _ standard: String, _ v: VectorNames, _ lanes: Int
  ) -> OperationText {
    let head = "\(inlined) \(name)(_ a: \(v.type), _ b: \(v.type)) -> Integers {"
    let zext = "zext_Vec\(lanes)xInt1_Vec\(lanes)xInt32"
    return OperationText(
      builtin: """
        \(head)
          let mask = Builtin.\(builtin)_\(v.builtin)(a._storage._value, b._storage._value)
          return Builtin.reinterpretCast(Builtin.\(zext)(mask))
        }
        """,
      standard: """
        \(head)
          Integers().replacing(with: 1, where: a \(standard) b)
        }
        """)
  }

  func selectText(_ v: VectorNames, _ lanes: Int) -> OperationText {
    let head = """
      \(inlined) select(
        _ m: Integers, _ a: \(v.type), _ b: \(v.type)
      ) -> \(v.type) {
      """
    let compare = "cmp_ne_Vec\(lanes)xInt32"
    let select = "select_Vec\(lanes)xInt1_\(v.builtin)"
    return OperationText(
      builtin: """
        \(head)
          let mask = Builtin.\(compare)(m._storage._value, Builtin.zeroInitializer())
          let (a, b) = (a._storage._value, b._storage._value)
          return Builtin.reinterpretCast(Builtin.\(select)(mask, a, b))
        }
        """,
      standard: """
        \(head)
          b.replacing(with: a, where: m .!= 0)
        }
        """)
  }

  func powerOfTwoText(_ n: Int) -> OperationText {
    let head = """
      /// Two to the power of `z` - 12582912 - 127; infinite if that is 128 and 0 if it is -127.
      \(inlined) powerOfTwo(_ z: Vector) -> Vector {
      """
    return OperationText(
      builtin: """
        \(head)
          let bits = Builtin.bitcast_Vec\(n)xFPIEEE32_Vec\(n)xInt32(z._storage._value)
          let shift = Integers(repeating: 23)._storage._value
          return Builtin.reinterpretCast(Builtin.shl_Vec\(n)xInt32(bits, shift))
        }
        """,
      standard: """
        \(head)
          unsafeBitCast(unsafeBitCast(z, to: Integers.self) &<< 23, to: Vector.self)
        }
        """)
  }

  func splitAtExponentText(_ n: Int) -> OperationText {
    let head = """
      /// The exponent and the factor, within a half binade of 1, of positive normal numbers.
      \(inlined) splitAtExponent(_ x: Vector) -> (Vector, Vector) {
      """
    return OperationText(
      builtin: """
        \(head)
          let bits = Builtin.bitcast_Vec\(n)xFPIEEE32_Vec\(n)xInt32(x._storage._value)
          let low = Integers(repeating: 0x3f35_04f3)._storage._value
          let shift = Integers(repeating: 23)._storage._value
          let n = Builtin.ashr_Vec\(n)xInt32(Builtin.sub_Vec\(n)xInt32(bits, low), shift)
          let m = Builtin.sub_Vec\(n)xInt32(bits, Builtin.shl_Vec\(n)xInt32(n, shift))
          return (convert(Builtin.reinterpretCast(n)), Builtin.reinterpretCast(m))
        }
        """,
      standard: """
        \(head)
          let bits = unsafeBitCast(x, to: Integers.self)
          let n = (bits &- 0x3f35_04f3) &>> 23
          return (convert(n), unsafeBitCast(bits &- (n &<< 23), to: Vector.self))
        }
        """)
  }

  func mergeText(_ n: Int) -> OperationText {
    let lanes = (0..<n).map(String.init).joined(separator: ", ")
    return OperationText(
      common: """
        \(inlined) merge(_ a: Vector, _ b: Vector, count: Int) -> Vector {
          let lanes = Integers(\(lanes))
          return select(less(lanes, splat(Int32(truncatingIfNeeded: count))), a, b)
        }
        """)
  }

  func shiftRightText(_ v: VectorNames) -> OperationText {
    let head = "\(inlined) shiftRight(_ a: Integers, _ count: Int32) -> Integers {"
    return OperationText(
      builtin: """
        \(head)
          let shift = Integers(repeating: count)._storage._value
          return Builtin.reinterpretCast(Builtin.lshr_\(v.builtin)(a._storage._value, shift))
        }
        """,
      standard: """
        \(head)
          a &>> count & ~(-1 &<< (32 &- count))
        }
        """)
  }

  /// Returns the text of the random bits by which dropout decides: the finaliser triple32 of the
  /// index of an element, to which the two halves of a key are added by exclusive or, without the
  /// last bit.
  func scrambledText(_ n: Int) -> OperationText {
    let lanes = (0..<n).map(String.init).joined(separator: ", ")
    return OperationText(
      common: """
        \(inlined) scrambled(_ i: Int, _ a: Integers, _ b: Integers) -> Integers {
          let lanes = Integers(\(lanes))
          var h = exclusiveOr(addIntegers(lanes, splat(Int32(truncatingIfNeeded: i))), a)
          h = multiplyIntegers(exclusiveOr(h, shiftRight(h, 17)), splat(-0x12a5_2b45))
          h = multiplyIntegers(exclusiveOr(h, shiftRight(h, 11)), splat(-0x53b3_e4af))
          h = exclusiveOr(h, b)
          h = multiplyIntegers(exclusiveOr(h, shiftRight(h, 15)), splat(0x3184_8bab))
          return shiftRight(exclusiveOr(h, shiftRight(h, 14)), 1)
        }
        """)
  }

  func firstLanesText(_ n: Int) -> OperationText {
    let lanes = (0..<n).map(String.init).joined(separator: ", ")
    return OperationText(
      builtin: """
        \(inlined) firstLanes(_ count: Int) -> Builtin.Vec\(n)xInt1 {
          let lanes = Integers(\(lanes))
          let count = Integers(repeating: Int32(truncatingIfNeeded: count))
          return Builtin.cmp_slt_Vec\(n)xInt32(lanes._storage._value, count._storage._value)
        }
        """)
  }

  func loadText(_ v: VectorNames) -> OperationText {
    OperationText(
      common: """
        \(inlined) load(_ p: UnsafePointer<\(v.element)>) -> \(v.type) {
          UnsafeRawPointer(p).loadUnaligned(as: \(v.type).self)
        }
        """)
  }

  func storeText(_ v: VectorNames) -> OperationText {
    OperationText(
      common: """
        \(inlined) store(_ v: \(v.type), _ p: UnsafeMutablePointer<\(v.element)>) {
          UnsafeMutableRawPointer(p).storeBytes(of: v, as: \(v.type).self)
        }
        """)
  }

  func loadFirstText(_ v: VectorNames) -> OperationText {
    let head = "\(inlined) load(_ p: UnsafePointer<\(v.element)>, count: Int) -> \(v.type) {"
    return OperationText(
      builtin: """
        \(head)
          let value = Builtin.int_masked_load_\(v.builtin)_RawPointer(
            p._rawValue, (4 as Int32)._value, firstLanes(count), \(v.type)()._storage._value)
          return Builtin.reinterpretCast(value)
        }
        """,
      standard: """
        \(head)
          var v = \(v.type)()
          for i in 0..<count { v[i] = p[i] }
          return v
        }
        """)
  }

  func storeFirstText(_ v: VectorNames) -> OperationText {
    let head = """
      \(inlined) store(
        _ v: \(v.type), _ p: UnsafeMutablePointer<\(v.element)>, count: Int
      ) {
      """
    return OperationText(
      builtin: """
        \(head)
          Builtin.int_masked_store_\(v.builtin)_RawPointer(
            v._storage._value, p._rawValue, (4 as Int32)._value, firstLanes(count))
        }
        """,
      standard: """
        \(head)
          for i in 0..<count { p[i] = v[i] }
        }
        """)
  }

  func loadStridedText(_ v: VectorNames, _ lanes: Int) -> OperationText {
    OperationText(
      common: """
        \(inlined) load(_ p: UnsafePointer<\(v.element)>, stride: Int) -> \(v.type) {
          var v = \(v.type)()
          for i in 0..<\(lanes) { v[i] = p[i &* stride] }
          return v
        }
        """)
  }

  func storeStridedText(_ v: VectorNames, _ lanes: Int) -> OperationText {
    OperationText(
      common: """
        \(inlined) store(
          _ v: \(v.type), _ p: UnsafeMutablePointer<\(v.element)>, stride: Int
        ) {
          for i in 0..<\(lanes) { p[i &* stride] = v[i] }
        }
        """)
  }

  func loadFirstStridedText(_ v: VectorNames, _ lanes: Int) -> OperationText {
    OperationText(
      common: """
        \(inlined) load(
          _ p: UnsafePointer<\(v.element)>, stride: Int, count: Int
        ) -> \(v.type) {
          var v = \(v.type)()
          for i in 0..<\(lanes) where i < count { v[i] = p[i &* stride] }
          return v
        }
        """)
  }

  func storeFirstStridedText(_ v: VectorNames, _ lanes: Int) -> OperationText {
    OperationText(
      common: """
        \(inlined) store(
          _ v: \(v.type), _ p: UnsafeMutablePointer<\(v.element)>, stride: Int, count: Int
        ) {
          for i in 0..<\(lanes) where i < count { p[i &* stride] = v[i] }
        }
        """)
  }

  func splatText(_ v: VectorNames) -> OperationText {
    OperationText(
      common: """
        \(inlined) splat(_ x: \(v.element)) -> \(v.type) { \(v.type)(repeating: x) }
        """)
  }

  /// The beginning of every function: all are inlined, and private to the file, so that several
  /// generated files can be compiled together.
  var inlined: String { "@inline(__always) fileprivate func" }

}
