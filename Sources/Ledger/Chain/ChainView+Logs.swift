public import ChainTypes
internal import KeyValueStore
public import Primitives

/// Which logs are wanted: an empty list of addresses, or a position without topics, means any.
public struct LogFilter: Hashable, Sendable {
  /// The emitters wanted.
  public var addresses: [Address]
  /// For each topic position the topics wanted.
  public var topics: [[Hash256]]

  /// A filter.
  public init(addresses: [Address] = [], topics: [[Hash256]] = []) {
    self.addresses = addresses
    self.topics = topics
  }

  /// Whether a log is wanted.
  public func matches(_ log: Log) -> Bool {
    guard addresses.isEmpty || addresses.contains(log.address), log.topics.count >= topics.count
    else { return false }
    return zip(topics, log.topics).allSatisfy { $0.isEmpty || $0.contains($1) }
  }
}

/// A log and where it stands.
public struct LocatedLog: Hashable, Sendable {
  /// The log.
  public var log: Log
  /// The block's height.
  public var blockNumber: UInt64
  /// The block's hash.
  public var blockHash: Hash256
  /// The block's time.
  public var blockTimestamp: UInt64
  /// The transaction's hash.
  public var transactionHash: Hash256
  /// The transaction's place in the block.
  public var transactionIndex: Int
  /// The log's place among all of the block.
  public var logIndex: Int
}

extension ChainView {
  /// The wanted logs of the blocks in a range, oldest first.
  ///
  /// Only blocks that have logs at all are looked at, and of those only the ones whose bloom may
  /// hold what is wanted.
  ///
  /// - Throws: `LedgerError` with code `notFound` when there are more than `limit`.
  public func logs(
    _ filter: LogFilter, in range: ClosedRange<UInt64>, limit: Int
  ) throws -> [LocatedLog] {
    let addresses = filter.addresses.map(Keccak256.hash)
    let topics = filter.topics.map { $0.map(Keccak256.hash) }.filter { !$0.isEmpty }
    var found: [LocatedLog] = []
    let iterator = snapshot.iterator(
      in: KeyRange(
        from: Schema.blooms.key(range.lowerBound),
        upTo: range.upperBound == .max ? nil : Schema.blooms.key(range.upperBound + 1)))
    var isThere = try iterator.seekToFirst()
    while isThere {
      var candidate: UInt64?
      iterator.withRecord { key, value in
        guard key.first == Schema.blooms.prefix, let number = Schema.number(key.dropFirst()) else {
          return
        }
        func mayContain(_ hashes: [Hash256]) -> Bool {
          hashes.isEmpty || hashes.contains { Bloom.mayContain(hash: $0, in: value) }
        }
        if mayContain(addresses), topics.allSatisfy(mayContain) { candidate = number }
      }
      if let number = candidate {
        // Blooms may always match and logs never: whoever asked may be gone long before the end.
        try Task.checkCancellation()
        try appendLogs(filter, of: number, to: &found)
        guard found.count <= limit else {
          throw LedgerError(
            .notFound,
            "query returned more than \(limit) results: ask for fewer blocks, addresses or topics")
        }
      }
      isThere = try iterator.next()
    }
    return found
  }

  private func appendLogs(
    _ filter: LogFilter, of number: UInt64, to found: inout [LocatedLog]
  ) throws {
    guard let receipts = try receipts(number) else { return }
    let matching = receipts.enumerated().flatMap { index, stored in
      stored.receipt.logs.enumerated().filter { filter.matches($0.element) }
        .map { (index, stored.firstLogIndex + $0.offset, $0.element) }
    }
    guard !matching.isEmpty, let header = try header(number), let hash = try hash(number),
      let transactions = try transactions(number)
    else { return }
    for (index, logIndex, log) in matching where transactions.indices.contains(index) {
      found.append(
        LocatedLog(
          log: log, blockNumber: number, blockHash: hash, blockTimestamp: header.timestamp,
          transactionHash: transactions[index].hash, transactionIndex: index, logIndex: logIndex))
    }
  }
}
