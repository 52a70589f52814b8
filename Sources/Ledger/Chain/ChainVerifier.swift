internal import ChainTypes
internal import KeyValueStore
internal import Keys
public import Primitives
internal import Trie

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
  private var report = Report()

  /// A verifier of the chain as a view sees it.
  ///
  /// - Parameters:
  ///   - view: what to verify.
  ///   - progress: told in words what has been read so far.
  public init(view: ChainView, progress: @escaping (String) -> Void = { _ in }) {
    self.view = view
    self.progress = progress
  }

  /// Verifies accounts, storage, money, and every block with its seal and roots.
  ///
  /// - Returns: what was found.
  /// - Throws: `Failure` for what does not hold; `StoreError` or `LedgerError` for what cannot be
  ///   read.
  public mutating func verify() throws -> Report {
    report.height = view.head.number
    report.headHash = view.headHash
    try verifyState()
    try verifyMoney()
    try verifyBlocks()
    return report
  }

  private mutating func verifyState() throws {
    var accounts = StreamingTrie()
    let iterator = view.snapshot.iterator(in: Schema.accounts.range)
    var found = try iterator.seekToFirst()
    while found {
      guard let key = iterator.key.flatMap({ Hash256($0.dropFirst()) }), let row = iterator.value,
        let account = Account(row: row)
      else { throw Schema.corrupt("account", "number \(report.accountCount)") }
      let storageRoot = try storageRoot(of: key, expected: account.storageRoot)
      guard storageRoot == account.storageRoot else {
        throw Failure(
          message: "account \(key) has storage root \(account.storageRoot), its words give "
            + "\(storageRoot)")
      }
      guard let sum = report.balanceSum.adding(account.balance) else {
        throw Failure(message: "the sum of all balances exceeds 256 bits")
      }
      report.balanceSum = sum
      report.accountCount += 1
      if report.accountCount % 100_000 == 0 { progress("\(report.accountCount) accounts read") }
      try accounts.add(key: key, value: account.trieValue)
      found = try iterator.next()
    }
    report.stateRoot = accounts.root()
    guard report.stateRoot == view.head.stateRoot else {
      throw Failure(
        message: "block \(view.head.number) has state root \(view.head.stateRoot), the accounts "
          + "give \(report.stateRoot)")
    }
    let stored = try StateTrie().root(
      source: HeadTrieSource(owner: .accounts, snapshot: view.snapshot))
    guard stored == report.stateRoot else {
      throw Failure(
        message: "the stored trie has root \(stored), the accounts give \(report.stateRoot)")
    }
  }

  private mutating func storageRoot(of account: Hash256, expected: Hash256) throws -> Hash256 {
    let iterator = view.snapshot.iterator(in: Schema.slots.range(account.bytes))
    guard try iterator.seekToFirst() else { return BlockHeader.emptyTrieRoot }
    var slots = StreamingTrie()
    var found = true
    while found {
      guard let key = iterator.key.flatMap({ Hash256($0.dropFirst(33)) }), let row = iterator.value,
        let value = try TrieOwner.storage(of: account).leafValue(row: row, key: key)
      else { throw Schema.corrupt("slot of account", account) }
      try slots.add(key: key, value: value)
      report.slotCount += 1
      found = try iterator.next()
    }
    return slots.root()
  }

  private mutating func verifyMoney() throws {
    let word = try view.state.storage(Genesis.reserveAddress, BTTModule.burnedSlot)
    report.burned = UInt256(word)
    guard report.balanceSum.adding(report.burned) == view.genesis.supply else {
      throw Failure(
        message: "all balances (\(report.balanceSum) wei) and what was burned (\(report.burned)) "
          + "do not make the supply (\(view.genesis.supply))")
    }
  }

  private mutating func verifyBlocks() throws {
    var parent = Hash256.zero
    for number in 0...view.head.number {
      guard let header = try view.header(number), let hash = try view.hash(number),
        let transactions = try view.transactions(number), let receipts = try view.receipts(number)
      else { throw Schema.corrupt("block", number) }
      func check(_ holds: Bool, _ what: String) throws {
        if !holds { throw Failure(message: "block \(number) (\(hash)): \(what)") }
      }
      try check(header.number == number && header.hash == hash, "its header is not its own")
      try check(header.parentHash == parent, "its parent is not block \(number &- 1)")
      try check(
        try view.number(of: hash) == number, "the index of hashes does not lead to it")
      try check(
        Block.transactionsRoot(transactions) == header.transactionsRoot,
        "its transactions do not give its transactions root")
      try check(
        Receipt.root(receipts.map(\.receipt)) == header.receiptsRoot,
        "its receipts do not give its receipts root")
      for (index, transaction) in transactions.enumerated() {
        let location = TransactionLocation(blockNumber: number, index: index)
        try check(
          try view.location(of: transaction.hash) == location,
          "the index of transactions does not lead to \(transaction.hash)")
      }
      if let sealed = try view.sealedBlock(number) {
        let signer = try? sealed.seal.recoverSigner(
          chainID: view.genesis.chainID, height: number, blockHash: hash)
        try check(
          signer.map(view.genesis.makesBlocks) == true, "its seal is by no block maker")
      }
      report.transactionCount += transactions.count
      parent = hash
      if number > 0, number % 10_000 == 0 { progress("\(number) blocks read") }
    }
  }
}
