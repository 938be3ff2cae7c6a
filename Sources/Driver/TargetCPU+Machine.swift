import IR

extension TargetCPU {

  /// What passes and plans know of the target.
  ///
  /// A core reads two vectors a cycle from its first cache. The rates behind it are those of
  /// current server cores: 64 bytes a cycle from the second cache and 26 from the last (measured on
  /// a Zen 5 server: 242 and 104 GB/s at about 4 GHz), 10 from memory; never more than the first
  /// cache gives.
  package var machine: Machine {
    let nearest = Double(2 * 4 * vectorLanes)
    return Machine(
      name: name, lanes: vectorLanes, registers: vectorRegisterCount,
      hasFusedMultiplyAdd: hasFusedMultiplyAdd,
      multiplyAddsPerCycle: Double(multiplyAddsPerCycle) / Double(vectorLanes),
      cacheBytes: [level1Bytes, level2Bytes, level3BytesPerCore],
      bytesPerCycle: [nearest, min(64, nearest), min(26, nearest), min(10, nearest)])
  }

}
