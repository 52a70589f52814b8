public import ChainTypes
public import Primitives

extension TransactionPool {
  /// The bounds of a pool.
  public struct Configuration: Hashable, Sendable {
    /// The most transactions in the pool; at least 1.
    public var globalSlots = 50_000
    /// The most bytes of transactions in the pool; at least one transaction's most, 1 MiB.
    ///
    /// Memory is about twice that, and half a kilobyte for each transaction.
    public var globalBytes = 256 << 20
    /// The most transactions of one sender that may wait for blocks; at least 1.
    public var pendingPerSender = 8_192
    /// The most transactions of one sender that may wait for an earlier nonce or for money.
    public var gappedPerSender = 64
    /// The most transactions in the pool that may wait for an earlier nonce or for money.
    public var globalGapped = 5_000
    /// By how many percent both fees of a replacement must exceed the old ones.
    public var priceBump: UInt64 = 10
    /// The least tip taken, in wei per gas.
    public var minimumTip = UInt256.zero
    /// For how long a transaction may wait for an earlier nonce or for money.
    public var gappedLifetime = Duration.seconds(3 * 60 * 60)
    /// The most transactions in the pool whose fees are to be paid from their payouts.
    public var creditSlots = 256
    /// The most such transactions looked at in a second: each may hold 16 vouchers to verify.
    public var creditPerSecond = 64
    /// The file that keeps local transactions over restarts; nil for none.
    public var journalPath: String?

    /// The defaults, without a journal.
    public init() {}

    /// Throws unless every bound lets at least one transaction in.
    package func validate() throws {
      func require(_ holds: Bool, _ name: String, _ want: String) throws {
        guard holds else { throw ConfigurationError(setting: name, want: want) }
      }
      try require(globalSlots >= 1, "globalSlots", "at least 1")
      try require(
        globalBytes >= SignedTransaction.maximumByteCount, "globalBytes",
        "at least \(SignedTransaction.maximumByteCount)")
      try require(pendingPerSender >= 1, "pendingPerSender", "at least 1")
      try require(gappedPerSender >= 0, "gappedPerSender", "at least 0")
      try require(globalGapped >= 0, "globalGapped", "at least 0")
      try require(creditSlots >= 0, "creditSlots", "at least 0")
      try require(creditPerSecond >= 0, "creditPerSecond", "at least 0")
      try require(priceBump <= 1_000, "priceBump", "at most 1000 percent")
      try require(gappedLifetime > .zero, "gappedLifetime", "above zero")
    }
  }

  /// A bound that cannot be kept.
  public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The property of `Configuration`.
    public let setting: String
    /// What it must be.
    public let want: String

    /// What is wrong and what to do.
    public var description: String {
      "the transaction pool's \(setting) must be \(want): correct the configuration"
    }
  }

  /// What became of a transaction that was taken.
  public struct Outcome: Hashable, Sendable {
    /// Whether it may stand in the next block, as far as nonces and money go; else it waits for
    /// an earlier nonce.
    public var isPending: Bool
    /// The hash of the transaction whose place it took.
    public var replaced: Hash256?

    package init(isPending: Bool, replaced: Hash256? = nil) {
      self.isPending = isPending
      self.replaced = replaced
    }
  }

  /// How many transactions a pool holds.
  public struct Status: Hashable, Sendable {
    /// Those that may stand in the next block.
    public var pending: Int
    /// Those that wait for an earlier nonce or for money.
    public var queued: Int
    /// The bytes of all of them.
    public var byteCount: Int

    package init(pending: Int, queued: Int, byteCount: Int) {
      self.pending = pending
      self.queued = queued
      self.byteCount = byteCount
    }
  }

  /// What a pool holds of one sender, in nonce order.
  public struct Content: Hashable, Sendable {
    /// Those that may stand in the next block.
    public var pending: [SignedTransaction] = []
    /// Those that wait for an earlier nonce or for money.
    public var queued: [SignedTransaction] = []

    /// Nothing.
    public init() {}
  }
}
