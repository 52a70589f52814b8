public import Primitives

/// How the nodes of an outbox are hashed: docs/specs/bridge.md, "Tree and root".
public enum OutboxHashing {
  /// How many levels a tree has above its leaves.
  public static let depth = 32
  /// The most leaves that a tree ever holds.
  public static let maximumCount: UInt64 = (1 << 32) - 1

  /// What stands at each height, 0 to 32, where there is no leaf yet.
  public static let zeros: [Hash256] = {
    var zeros = [Hash256.zero]
    for height in 0..<depth { zeros.append(inner(zeros[height], zeros[height])) }
    return zeros
  }()

  /// The node above two: `keccak256(0x01 ‖ left ‖ right)`.
  public static func inner(_ left: Hash256, _ right: Hash256) -> Hash256 {
    Keccak256.hash([1] + left.bytes + right.bytes)
  }

  /// The root over so many leaves below `top`: `keccak256(0x02 ‖ top ‖ count)`.
  public static func root(top: Hash256, count: UInt64) -> Hash256 {
    Keccak256.hash([2] + top.bytes + UInt256(count).word.bytes)
  }
}
