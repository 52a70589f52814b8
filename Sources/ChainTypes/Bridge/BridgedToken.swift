public import Primitives

/// Tokens of root chains as they stand on this one.
public enum BridgedToken {
  /// Stands for a root chain's own coin.
  public static let ether = Address(repeating: 0xee)

  /// Where a token of a root chain stands here: the last 20 bytes of
  /// `keccak256(abi.encode("btt.token", rootId, rootToken))`.
  public static func address(rootID: UInt64, rootToken: Address) -> Address {
    var writer = ABIWriter()
    writer.append("btt.token")
    writer.append(rootID)
    writer.append(rootToken)
    return Address(truncating: Keccak256.hash(writer.bytes))
  }
}

extension Address {
  fileprivate init(repeating byte: UInt8) {
    self = Address([UInt8](repeating: byte, count: 20)) ?? .zero
  }
}
