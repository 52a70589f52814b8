internal import ChainTypes
internal import Foundation
internal import Primitives

/// One transaction in a journal.
///
/// Its length in four bytes, big-endian; the first eight bytes of its hash, which serve as the
/// checksum; its bytes.
enum JournalFrame {
  static let headerCount = 12

  static func encode(_ transaction: SignedTransaction) -> [UInt8] {
    let length = UInt32(clamping: transaction.encoded.count)
    return withUnsafeBytes(of: length.bigEndian) { Array($0) } + transaction.hash.bytes.prefix(8)
      + transaction.encoded
  }

  /// The transactions of the whole frames in `data`.
  ///
  /// A frame whose bytes are not those of its checksum is left out; from a length that cannot be
  /// on, everything is.
  ///
  /// - Returns: the transactions, and how many bytes belong to none.
  static func decode(_ data: Data) -> (transactions: [SignedTransaction], lostBytes: Int) {
    var transactions: [SignedTransaction] = []
    var rest = data[...]
    var lost = 0
    while rest.count >= headerCount {
      let length = Int(rest.prefix(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) })
      guard length <= SignedTransaction.maximumByteCount, length <= rest.count - headerCount
      else { break }
      let checksum = rest.dropFirst(4).prefix(8)
      let bytes = [UInt8](rest.dropFirst(headerCount).prefix(length))
      if let transaction = try? SignedTransaction(decoding: bytes),
        transaction.hash.bytes.prefix(8).elementsEqual(checksum)
      {
        transactions.append(transaction)
      } else {
        lost += headerCount + length
      }
      rest = rest.dropFirst(headerCount + length)
    }
    return (transactions, lost + rest.count)
  }
}
