package import ChainTypes
package import Primitives

/// What a ledger transaction is for.
public enum ChannelTransactionKind: UInt8, Hashable, Sendable, CaseIterable {
  /// Money into the vault.
  case vaultDeposit = 1
  /// Money out of the vault.
  case vaultWithdraw = 2
  /// Channels are opened.
  case open = 3
  /// Deposits are raised.
  case topUp = 4
  /// Vouchers are cashed.
  case settle = 5
  /// The payee closes.
  case close = 6
  /// The payer closes with the payee's release.
  case closeMutual = 7
  /// The payer asks for the close.
  case requestClose = 8
  /// The payer takes back the rest after the grace time.
  case withdraw = 9

  /// The word for it in JSON.
  public var name: String { String(describing: self) }
}

/// A ledger transaction that is not final: written to disk before it is sent, sent again as the
/// same bytes after a restart, and done with only by a receipt.
package struct OutboxEntry: Hashable, Sendable {
  /// A channel it is about, and the amount it is to bring it to.
  package struct Item: Hashable, Sendable {
    package var id: ChannelID
    package var amount: UInt128

    package init(id: ChannelID, amount: UInt128) {
      self.id = id
      self.amount = amount
    }
  }

  package let sequence: UInt64
  package let kind: ChannelTransactionKind
  package let items: [Item]
  /// The newest bytes.
  package private(set) var transaction: SignedTransaction
  /// The hashes of all bytes that were ever signed for the nonce, the newest last.
  package private(set) var hashes: [Hash256]
  /// When the newest bytes were signed.
  package private(set) var signedAt: Duration

  package static let maximumItems = 4_096
  package static let maximumTransactionBytes = 1 << 20
  package static let maximumHashes = 64
  private static let version: UInt8 = 1

  package init(
    sequence: UInt64, kind: ChannelTransactionKind, items: [Item],
    transaction: SignedTransaction, now: Duration
  ) {
    self.sequence = sequence
    self.kind = kind
    self.items = items
    self.transaction = transaction
    hashes = [transaction.hash]
    signedAt = now
  }

  package var nonce: UInt64 { transaction.transaction.nonce }

  /// Takes new bytes for the same nonce, with a higher fee.
  package mutating func replace(_ transaction: SignedTransaction, now: Duration) {
    self.transaction = transaction
    hashes.append(transaction.hash)
    signedAt = now
  }

  package var row: [UInt8] {
    var writer = RowWriter(version: Self.version, capacity: 512)
    writer.append(kind.rawValue)
    writer.append(UInt64(max(0, signedAt.components.seconds)))
    writer.append(UInt32(truncatingIfNeeded: items.count))
    for item in items {
      writer.append(item.id.hash)
      writer.append(item.amount)
    }
    writer.append(UInt32(truncatingIfNeeded: hashes.count))
    for hash in hashes { writer.append(hash) }
    writer.append(counted: transaction.encoded)
    return writer.bytes
  }

  package init(sequence: UInt64, row: [UInt8]) throws(RowError) {
    var reader = try RowReader(row, version: Self.version)
    guard let kind = ChannelTransactionKind(rawValue: try reader.read()) else {
      throw .malformed
    }
    self.sequence = sequence
    self.kind = kind
    let seconds: UInt64 = try reader.read()
    signedAt = .seconds(Int64(truncatingIfNeeded: seconds & 0xff_ffff_ffff))
    let itemCount: UInt32 = try reader.read()
    guard itemCount <= Self.maximumItems else { throw .malformed }
    var items: [Item] = []
    for _ in 0..<itemCount {
      items.append(Item(id: ChannelID(try reader.readHash()), amount: try reader.read()))
    }
    self.items = items
    let hashCount: UInt32 = try reader.read()
    guard (1...UInt32(Self.maximumHashes)).contains(hashCount) else { throw .malformed }
    var hashes: [Hash256] = []
    for _ in 0..<hashCount { hashes.append(try reader.readHash()) }
    self.hashes = hashes
    let bytes = try reader.readCounted(maximum: Self.maximumTransactionBytes)
    try reader.finish()
    guard let transaction = try? SignedTransaction(decoding: bytes),
      transaction.hash == hashes.last
    else { throw .malformed }
    self.transaction = transaction
  }
}
