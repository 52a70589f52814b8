public import Primitives

/// What a root chain tells this one: docs/specs/bridge.md, "Deposits".
public enum StateMessage: Hashable, Sendable {
  /// Something was locked on the root chain for somebody here.
  case deposit(BridgeDeposit)
  /// A token of the root chain may come here from now on.
  case mapToken(TokenMapping)

  /// The root chain that the message says it is of.
  public var rootID: UInt64 {
    switch self {
    case .deposit(let deposit): deposit.rootID
    case .mapToken(let mapping): mapping.rootID
    }
  }
}

/// An asset that was locked on a root chain, and whom to credit with it.
public struct BridgeDeposit: Hashable, Sendable {
  /// Who is credited.
  public var user: Address
  /// The token on the root chain.
  public var rootToken: Address
  /// The id of the root chain.
  public var rootID: UInt64
  /// What arrived there, in the token's units.
  public var amount: UInt256
  /// Who gets it back on the root chain if it cannot be credited.
  public var depositor: Address

  /// A deposit.
  public init(
    user: Address, rootToken: Address, rootID: UInt64, amount: UInt256, depositor: Address
  ) {
    self.user = user
    self.rootToken = rootToken
    self.rootID = rootID
    self.amount = amount
    self.depositor = depositor
  }
}

/// A token of a root chain and what it is called.
public struct TokenMapping: Hashable, Sendable {
  /// What kind of asset it is.
  public enum Kind: Hashable, Sendable, CaseIterable {
    /// An ERC-20 token.
    case erc20
    /// The root chain's own coin.
    case ether

    /// The hash that stands for it.
    public var hash: Hash256 {
      switch self {
      case .erc20: Self.erc20Hash
      case .ether: Self.etherHash
      }
    }

    private static let erc20Hash = Keccak256.hash(Array("ERC20".utf8))
    private static let etherHash = Keccak256.hash(Array("Ether".utf8))
  }

  /// The most bytes of a name.
  public static let maximumNameCount = 64
  /// The most bytes of a symbol.
  public static let maximumSymbolCount = 32

  /// The token on the root chain.
  public var rootToken: Address
  /// Where it stands here.
  public var childToken: Address
  /// The id of the root chain.
  public var rootID: UInt64
  /// What kind of asset it is.
  public var kind: Kind
  /// The name's bytes, which nobody has promised to be UTF-8.
  public var name: [UInt8]
  /// The symbol's bytes.
  public var symbol: [UInt8]
  /// How many decimals an amount has.
  public var decimals: UInt8

  /// A mapping.
  public init(
    rootToken: Address, childToken: Address, rootID: UInt64, kind: Kind, name: [UInt8],
    symbol: [UInt8], decimals: UInt8
  ) {
    self.rootToken = rootToken
    self.childToken = childToken
    self.rootID = rootID
    self.kind = kind
    self.name = name
    self.symbol = symbol
    self.decimals = decimals
  }
}
