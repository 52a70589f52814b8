internal import ChainTypes
public import Primitives

/// Re-reads everything a database holds and proves that it is one chain with all its money.
public struct ChainVerifier {
  /// What was read and found right.
  public struct Report: Hashable, Sendable {
    /// The head's height.
    public var height: UInt64 = 0
    /// The head's hash.
    public var headHash = Hash256.zero
    /// The state root, computed anew from every account and slot.
    public var stateRoot = Hash256.zero
    /// How many accounts there are.
    public var accountCount = 0
    /// How many storage words there are.
    public var slotCount = 0
    /// How many transactions there are.
    public var transactionCount = 0
    /// The sum of all balances, in wei.
    public var balanceSum = UInt256.zero
    /// What has been burned, in wei.
    public var burned = UInt256.zero
  }

  /// Something that does not hold.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What does not hold, with the numbers.
    public var message: String

    /// What does not hold, and what to do.
    public var description: String {
      "\(message): the database is damaged; keep a copy for inspection, then follow another node "
        + "into a new data directory, or import an export"
    }
  }

  private let view: ChainView
  private let progress: (String) -> Void

  /// A verifier of the chain as a view sees it.
  ///
  /// - Parameters:
  ///   - view: what to verify.
  ///   - progress: told in words what has been read so far.
  public init(view: ChainView, progress: @escaping (String) -> Void = { _ in }) {
    self.view = view
    self.progress = progress
  }

  /// Verifies every row: accounts, storage, tries, money, each block with its seal and roots, and
  /// that nothing else lies in the database.
  ///
  /// Of the history of the state it is verified that all of it is there and can be read, not that
  /// its values are right.
  ///
  /// - Returns: what was found.
  /// - Throws: `Failure` for what does not hold; `StoreError` or `LedgerError` for what cannot be
  ///   read.
  public mutating func verify() throws -> Report {
    var report = Report()
    report.height = view.head.number
    report.headHash = view.headHash
    try TableVerifier(view: view).verify()
    var state = StateVerifier(view: view, progress: progress)
    try state.verify(&report)
    try verifyMoney(&report)
    try BridgeVerifier(view: view).verify(tokenSums: state.tokenSums)
    var blocks = BlockVerifier(view: view, progress: progress)
    try blocks.verify(&report)
    try HistoryVerifier(view: view).verify()
    return report
  }

  private func verifyMoney(_ report: inout Report) throws {
    let word = try view.state.storage(Genesis.reserveAddress, BTTModule.burnedSlot)
    report.burned = UInt256(word)
    guard report.balanceSum.adding(report.burned) == view.genesis.supply else {
      throw Failure(
        message: "all balances (\(report.balanceSum) wei) and what was burned (\(report.burned)) "
          + "do not make the supply (\(view.genesis.supply))")
    }
  }
}
