package import ChainTypes
package import Primitives

/// What is to be done by a transaction: the same task is never on its way twice.
package struct OutgoingTask: Hashable, Sendable {
  /// What it is, such as `proof eth 17`.
  package var name: String
  package var to: Address
  package var data: [UInt8]
  /// The gas to buy; nil where the chain can estimate it.
  package var gas: UInt64?
  /// Whether there is always room for it, however much else is on its way.
  package var isUrgent: Bool

  package init(
    name: String, to: Address, data: [UInt8], gas: UInt64? = nil, isUrgent: Bool = false
  ) {
    self.name = name
    self.to = to
    self.data = data
    self.gas = gas
    self.isUrgent = isUrgent
  }
}

/// A transaction on its way: on disk before it is sent, and the same bytes go again after a
/// restart.
package struct OutgoingTransaction: Hashable, Sendable {
  /// What it does.
  package let name: String
  /// The newest bytes.
  package private(set) var signed: SignedTransaction
  /// The hashes of all that were signed for the nonce, the newest last.
  package private(set) var hashes: [Hash256]
  /// When the newest bytes were signed, in seconds since 1970.
  package private(set) var signedAt: UInt64

  /// The most replacements of one nonce.
  package static let maximumHashes = 64

  package init(name: String, signed: SignedTransaction, at now: UInt64) {
    self.name = name
    self.signed = signed
    hashes = [signed.hash]
    signedAt = now
  }

  package var nonce: UInt64 { signed.transaction.nonce }

  /// Takes new bytes for the same nonce.
  package mutating func replace(_ signed: SignedTransaction, at now: UInt64) {
    self.signed = signed
    hashes.append(signed.hash)
    signedAt = now
  }

  package var row: [UInt8] {
    RLPEncoder.list { list in
      list.append(1 as UInt64)
      list.append(Array(name.utf8))
      list.append(signedAt)
      list.list { inner in for hash in hashes { inner.append(hash) } }
      list.append(signed.encoded)
    }
  }

  package init(row: [UInt8]) throws {
    var list = try RLPDecoder.list(row)
    guard try list.readUInt64() == 1 else { throw RowError() }
    name = String(decoding: try list.readBytes(), as: UTF8.self)
    signedAt = try list.readUInt64()
    var inner = try list.readList()
    var hashes: [Hash256] = []
    while !inner.isAtEnd { hashes.append(try inner.readHash()) }
    self.hashes = hashes
    signed = try SignedTransaction(decoding: try list.readBytes())
    try list.finish()
  }
}
