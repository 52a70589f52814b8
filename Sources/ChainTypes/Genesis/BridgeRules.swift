public import Primitives

/// What genesis decides about the bridge: the contracts of each root chain.
public struct BridgeRules: Hashable, Sendable {
  /// One root chain, and the contracts there that this chain believes.
  public struct Root: Hashable, Sendable {
    /// The root chain's own chain id.
    public var chainID: UInt64
    /// Whose `StateSynced` logs are messages for this chain.
    public var stateSender: Address
    /// The contract that takes checkpoints.
    public var checkpoints: Address
    /// The contract that holds what was locked.
    public var manager: Address
    /// The root chain's BTT, which is this chain's coin.
    public var btt: Address

    /// A root chain.
    public init(
      chainID: UInt64, stateSender: Address, checkpoints: Address, manager: Address, btt: Address
    ) {
      self.chainID = chainID
      self.stateSender = stateSender
      self.checkpoints = checkpoints
      self.manager = manager
      self.btt = btt
    }

    /// Where this root chain's checkpoints count.
    public var domain: BridgeDomain { BridgeDomain(chainID: chainID, checkpoints: checkpoints) }
  }

  /// The root chain that withdrawals without one go to.
  public var home: RootID
  /// The root chains; the home root is one of them.
  public var roots: [RootID: Root]

  /// Rules from their parts; `init(json:)` of `Genesis` checks what holds between them.
  public init(home: RootID, roots: [RootID: Root]) {
    self.home = home
    self.roots = roots
  }

  /// The root chain with an id, as calls carry it, or nil when genesis names none.
  public func root(_ id: UInt64) -> Root? { RootID(rawValue: id).flatMap { roots[$0] } }

  /// Adds the rules to what genesis hashes.
  func encode(into encoder: inout RLPEncoder) {
    encoder.list { list in
      list.append(home.rawValue)
      for (id, root) in roots.sorted(by: { $0.key < $1.key }) {
        list.list { inner in
          inner.append(id.rawValue)
          inner.append(root.chainID)
          for contract in root.contracts { inner.append(contract) }
        }
      }
    }
  }
}

extension BridgeRules.Root {
  /// The contracts in the order of the file.
  var contracts: [Address] { [stateSender, checkpoints, manager, btt] }
}
