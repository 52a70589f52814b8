public import ChainTypes
public import Keys
public import Primitives

/// A chain of one developer's own: its accounts and its genesis.
public struct Devnet: Sendable {
  /// The mnemonic that everybody uses for this, and whose keys everybody knows.
  public static let standardPhrase = "test test test test test test test test test test test junk"

  /// The mnemonic of the accounts.
  public let mnemonic: Mnemonic
  /// The funded accounts, by index.
  public let accounts: [PrivateKey]
  /// The block maker: the account after the funded ones.
  public let validator: PrivateKey
  /// What the chain starts from.
  public let genesis: Genesis

  /// A devnet.
  ///
  /// - Parameters:
  ///   - preset: the genesis whose rules are taken.
  ///   - seed: a text that another mnemonic is derived from; nil for the well-known one.
  ///   - accountCount: how many accounts are funded, 1 to 1 000.
  ///   - balance: what each gets, in wei.
  ///   - chainID: the chain id; nil for the preset's.
  /// - Throws: `NodeError`, or the error of a derivation.
  public init(
    preset: Genesis, seed: String?, accountCount: Int, balance: UInt256, chainID: UInt64?
  ) throws {
    guard (1...1_000).contains(accountCount) else {
      throw NodeError(.configuration, "a devnet has 1 to 1000 accounts, not \(accountCount)")
    }
    guard let total = balance.multiplying(by: UInt256(UInt64(accountCount))),
      total <= preset.supply
    else {
      throw NodeError(
        .configuration,
        "\(accountCount) accounts of \(balance) wei are more than the supply, \(preset.supply) wei")
    }
    if let seed {
      let entropy = Keccak256.hash(Array("btt devnet \(seed)".utf8)).bytes.prefix(16)
      mnemonic = try Mnemonic(entropy: Array(entropy))
    } else {
      mnemonic = try Mnemonic(phrase: Self.standardPhrase)
    }
    let root = try ExtendedPrivateKey(mnemonic: mnemonic)
    accounts = try (0..<UInt32(accountCount)).map {
      try root.derive(.ethereum($0)).key
    }
    validator = try root.derive(.ethereum(UInt32(accountCount))).key
    var genesis = preset
    genesis.chainID = chainID ?? preset.chainID
    genesis.allocations = Dictionary(
      accounts.map { ($0.address, Genesis.Allocation(balance: balance)) },
      uniquingKeysWith: { first, _ in first })
    genesis.validators = [.init(address: validator.address, weight: 1, makesBlocks: true)]
    self.genesis = genesis
  }
}

/// The genesis files that come with the program.
public enum GenesisPreset: String, CaseIterable, Sendable {
  /// A chain in the shape of BTTC's parameters.
  case bttc
  /// A chain of one developer's own.
  case devnet

  /// The file's bytes.
  public var bytes: [UInt8] {
    switch self {
    case .bttc: PackageResources.bttc_json
    case .devnet: PackageResources.devnet_json
    }
  }
}
