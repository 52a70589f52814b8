/// A root chain: where assets of the bridge come from and go back to.
///
/// Ids and names are BTTC's.
public enum RootID: UInt64, Hashable, Sendable, CaseIterable {
  /// TRON.
  case tron = 1
  /// Ethereum.
  case eth = 2
  /// BNB Smart Chain.
  case bsc = 3

  /// The short name: `tron`, `eth`, `bsc`.
  public var name: String {
    switch self {
    case .tron: "tron"
    case .eth: "eth"
    case .bsc: "bsc"
    }
  }

  /// The root chain with this short name, or nil when there is none.
  public init?(name: some StringProtocol) {
    guard let root = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = root
  }
}

extension RootID: Comparable {
  /// The order of their ids.
  public static func < (left: RootID, right: RootID) -> Bool { left.rawValue < right.rawValue }
}

extension RootID: CustomStringConvertible {
  /// The short name.
  public var description: String { name }
}
