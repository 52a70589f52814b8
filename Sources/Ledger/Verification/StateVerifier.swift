internal import ChainTypes
internal import KeyValueStore
internal import Primitives
internal import Trie

/// Reads every account, storage word, code and trie row once, in the order of their keys.
struct StateVerifier {
  private let view: ChainView
  private let progress: (String) -> Void
  /// The sum of the words of each bridged token, by the hash of its address.
  private(set) var tokenSums: [Hash256: UInt256] = [:]

  init(view: ChainView, progress: @escaping (String) -> Void) {
    self.view = view
    self.progress = progress
  }

  mutating func verify(_ report: inout ChainVerifier.Report) throws {
    try verifyCodes()
    var accounts = try TableCursor(Schema.accounts, of: view.snapshot)
    var slots = try TableCursor(Schema.slots, of: view.snapshot)
    var accountRows = try TrieRowVerifier(Schema.accountNodes, ownerCount: 0, of: view.snapshot)
    var storageRows = try TrieRowVerifier(Schema.storageNodes, ownerCount: 32, of: view.snapshot)
    var trie = StreamingTrie(keepingRows: true)
    let tokenCode = Keccak256.hash(ModuleKind.bridgedToken.markerCode)
    while let bytes = accounts.key {
      let row = accounts.value
      guard let key = Hash256(bytes), let account = Account(row: row), account.row == row,
        !account.isEmpty
      else { throw failure("the account row \(accounts.name) is damaged") }
      var sum = UInt256.zero
      let root = try storageRoot(
        of: key, &slots, &storageRows, slotCount: &report.slotCount, sum: &sum)
      if account.codeHash == tokenCode { tokenSums[key] = sum }
      guard root == account.storageRoot else {
        throw failure(
          "account \(key) has storage root \(account.storageRoot), its words give \(root)")
      }
      if account.hasCode, try view.snapshot.get(Schema.codes.key(account.codeHash.bytes)) == nil {
        throw failure("account \(key) has the code \(account.codeHash), which is missing")
      }
      guard let sum = report.balanceSum.adding(account.balance) else {
        throw failure("the sum of all balances exceeds 256 bits")
      }
      report.balanceSum = sum
      report.accountCount += 1
      if report.accountCount % 100_000 == 0 { progress("\(report.accountCount) accounts read") }
      try trie.add(key: key, value: account.trieValue)
      try accountRows.check(trie.takeRows(), of: .accounts)
      try accounts.advance()
    }
    guard slots.key == nil else {
      throw failure("the storage word \(slots.name) is of no account")
    }
    report.stateRoot = trie.root()
    guard report.stateRoot == view.head.stateRoot else {
      throw failure(
        "block \(view.head.number) has state root \(view.head.stateRoot), the accounts give "
          + "\(report.stateRoot)")
    }
    try Self.finish(&trie, .accounts, &accountRows)
    try accountRows.finish()
    try storageRows.finish()
  }

  private func storageRoot(
    of account: Hash256, _ slots: inout TableCursor, _ rows: inout TrieRowVerifier,
    slotCount: inout Int, sum: inout UInt256
  ) throws -> Hash256 {
    guard try isNext(slots, of: account) else { return BlockHeader.emptyTrieRoot }
    let owner = TrieOwner.storage(of: account)
    var trie = StreamingTrie(keepingRows: true)
    while try isNext(slots, of: account), let key = slots.key {
      let row = slots.value
      guard let slot = Hash256(key.dropFirst(32)), let first = row.first, first != 0,
        row.count <= 32, let value = try owner.leafValue(row: row, key: slot)
      else { throw failure("the storage word \(slots.name) is damaged") }
      try trie.add(key: slot, value: value)
      try rows.check(trie.takeRows(), of: owner)
      slotCount += 1
      sum = sum &+ (UInt256(bigEndian: row) ?? .zero)
      try slots.advance()
    }
    let root = trie.root()
    try Self.finish(&trie, owner, &rows)
    return root
  }

  /// Checks the rows that were left when the root was made.
  private static func finish(
    _ trie: inout StreamingTrie, _ owner: TrieOwner, _ rows: inout TrieRowVerifier
  ) throws {
    let last = trie.takeRows()
    try rows.check(last.filter { $0.path.count > StreamingTrie.shallowNibbles }, of: owner)
    try rows.finishDeepRows(of: owner)
    try rows.check(last.filter { $0.path.count <= StreamingTrie.shallowNibbles }, of: owner)
    try rows.finish(owner)
  }

  /// Whether the word at hand is the account's.
  private func isNext(_ slots: TableCursor, of account: Hash256) throws -> Bool {
    guard let key = slots.key else { return false }
    guard key.count == 64, let found = Hash256(key.prefix(32)), found >= account else {
      throw failure("the storage word \(slots.name) is of no account")
    }
    return found == account
  }

  private func verifyCodes() throws {
    var codes = try TableCursor(Schema.codes, of: view.snapshot)
    while let key = codes.key {
      guard Keccak256.hash(codes.value).bytes.elementsEqual(key) else {
        throw failure("the code \(codes.name) is damaged")
      }
      try codes.advance()
    }
  }

  private func failure(_ message: String) -> ChainVerifier.Failure {
    ChainVerifier.Failure(message: message)
  }
}
