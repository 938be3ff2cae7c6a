import Foundation

/// Calls `body` while numbers too small for full precision count as zero, and restores the
/// caller's mode.
///
/// A recurrent step that fades to such numbers is slower by a factor of ten or more. `forward` sets
/// the mode itself; `step` does not, because that costs more than a small step: put the loop over
/// steps inside one such scope.
package func withFlushToZero<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
  var caller = fenv_t()
  fegetenv(&caller)
  defer { fesetenv(&caller) }
  var flushing = caller
  #if arch(x86_64)
    // Flush-to-zero (results) and denormals-are-zero (operands) of MXCSR.
    flushing.__mxcsr |= 0x8040
  #elseif arch(arm64)
    // FZ of FPCR.
    flushing.__fpcr |= 1 << 24
  #endif
  fesetenv(&flushing)
  return try body()
}
