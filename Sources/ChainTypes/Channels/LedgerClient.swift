public import Primitives

/// A ledger, as a program that pays or is paid by channels sees it: in process, or over JSON-RPC.
///
/// What it says about channels, vaults and blocks is final: it never goes back on it.
public protocol LedgerClient: Sendable {
  /// The chain's id.
  func chainID() async throws(LedgerClientError) -> UInt64

  /// The newest final block.
  func head() async throws(LedgerClientError) -> LedgerHead

  /// The states of channels in the newest final block, in the order asked.
  ///
  /// At most `ChannelModule.maximumStateCount` are asked for at once.
  func channels(_ ids: [ChannelID]) async throws(LedgerClientError) -> LedgerChannels

  /// A payer's vault in the newest final block.
  func vault(of payer: Address) async throws(LedgerClientError) -> ChannelVault

  /// The bounds of grace times on this chain.
  func graceBounds() async throws(LedgerClientError) -> ChannelGraceBounds

  /// An account's balance in wei, and its next nonce, in the newest final block.
  func account(_ address: Address) async throws(LedgerClientError) -> LedgerAccount

  /// What gas costs now.
  func fees() async throws(LedgerClientError) -> LedgerFees

  /// The gas that a call of the module would use from `sender`, with `value` wei sent along.
  func estimateGas(
    from sender: Address, to module: Address, data: [UInt8], value: UInt128
  ) async throws(LedgerClientError) -> UInt64

  /// Hands in a signed transaction; one that waits already is no error.
  func send(_ rawTransaction: [UInt8]) async throws(LedgerClientError) -> Hash256

  /// What a transaction did, or nil while it is in no final block.
  func receipt(of transaction: Hash256) async throws(LedgerClientError) -> LedgerReceipt?

  /// The final blocks after `height`, in order, at least one and at most `limit` of them, each
  /// with the module's events; waits for the next block where there is none yet.
  ///
  /// The caller sets the pace, and resumes where it stopped.
  func blocks(after height: UInt64, limit: Int) async throws(LedgerClientError) -> [LedgerBlock]
}

/// A final block.
public struct LedgerHead: Hashable, Sendable {
  /// The height.
  public var height: UInt64
  /// The hash.
  public var hash: Hash256
  /// The time in seconds since 1970.
  public var time: UInt64

  /// A head.
  public init(height: UInt64, hash: Hash256, time: UInt64) {
    self.height = height
    self.hash = hash
    self.time = time
  }
}

/// The states of channels in one block.
public struct LedgerChannels: Hashable, Sendable {
  /// The block.
  public var head: LedgerHead
  /// How many blocks with room there had been at that block.
  public var roomBlocks: UInt64
  /// One for each id asked; nil where no such channel is open.
  public var states: [ChannelState?]

  /// The states.
  public init(head: LedgerHead, roomBlocks: UInt64, states: [ChannelState?]) {
    self.head = head
    self.roomBlocks = roomBlocks
    self.states = states
  }
}

/// A final block with what happened in it to channels.
public struct LedgerBlock: Hashable, Sendable {
  /// The block.
  public var head: LedgerHead
  /// The module's events, in order.
  public var events: [ChannelEvent]

  /// A block.
  public init(head: LedgerHead, events: [ChannelEvent]) {
    self.head = head
    self.events = events
  }
}

/// The bounds within which payers choose grace times.
public struct ChannelGraceBounds: Hashable, Sendable {
  /// In seconds.
  public var seconds: ClosedRange<UInt32>
  /// In blocks with room.
  public var blocks: ClosedRange<UInt32>

  /// Bounds.
  public init(seconds: ClosedRange<UInt32>, blocks: ClosedRange<UInt32>) {
    self.seconds = seconds
    self.blocks = blocks
  }
}

/// An account in a block.
public struct LedgerAccount: Hashable, Sendable {
  /// In wei.
  public var balance: UInt256
  /// How many transactions it has sent.
  public var nonce: UInt64

  /// An account.
  public init(balance: UInt256, nonce: UInt64) {
    self.balance = balance
    self.nonce = nonce
  }
}

/// What gas costs, in wei.
public struct LedgerFees: Hashable, Sendable {
  /// The base fee that the next block will take.
  public var baseFee: UInt256
  /// The tip that gets a transaction into the next block.
  public var priorityFee: UInt256

  /// Fees.
  public init(baseFee: UInt256, priorityFee: UInt256) {
    self.baseFee = baseFee
    self.priorityFee = priorityFee
  }
}

/// What a transaction did.
public struct LedgerReceipt: Hashable, Sendable {
  /// The transaction.
  public var transaction: Hash256
  /// The height of its block.
  public var height: UInt64
  /// Whether it ran to its end.
  public var succeeded: Bool
  /// The fee it paid, in wei.
  public var fee: UInt256
  /// The module's events in it.
  public var events: [ChannelEvent]

  /// A receipt.
  public init(
    transaction: Hash256, height: UInt64, succeeded: Bool, fee: UInt256, events: [ChannelEvent]
  ) {
    self.transaction = transaction
    self.height = height
    self.succeeded = succeeded
    self.fee = fee
    self.events = events
  }
}

/// Why a ledger did not answer, or refused.
public struct LedgerClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is; the names are stable.
  public enum Code: String, Hashable, Sendable {
    /// Nobody answered: try again later.
    case unreachable
    /// The answer is not backed by a proof, or is malformed.
    case untrusted
    /// The nonce is used up: a transaction with it is final already.
    case nonceTooLow
    /// A transaction with this nonce waits with a higher fee, or the fee is too low for the pool.
    case underpriced
    /// The sender cannot pay the fee.
    case insufficientFunds
    /// The call would revert, or the transaction is malformed.
    case refused
  }

  /// What kind of failure it is.
  public var code: Code
  /// What happened and what to do next.
  public var message: String

  /// An error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The code and the message.
  public var description: String { "\(code.rawValue): \(message)" }
}
