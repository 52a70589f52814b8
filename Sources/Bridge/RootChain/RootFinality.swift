/// When a root chain's block counts as final.
public enum RootFinality: Hashable, Sendable {
  /// The chain's own `finalized` block.
  case tag
  /// So many blocks below the newest, on chains without that tag.
  case depth(UInt64)

  /// Reads `finalized` or a number of blocks.
  public init?(_ text: some StringProtocol) {
    if text == "finalized" {
      self = .tag
    } else if let depth = UInt64(text), (1...1_000_000).contains(depth) {
      self = .depth(depth)
    } else {
      return nil
    }
  }
}

extension RootFinality: CustomStringConvertible {
  /// As it is set.
  public var description: String {
    switch self {
    case .tag: "finalized"
    case .depth(let depth): String(depth)
    }
  }
}
