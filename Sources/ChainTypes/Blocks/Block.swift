public import Primitives
internal import Trie

/// A header and the transactions it covers.
public struct Block: Hashable, Sendable {
  /// The header.
  public var header: BlockHeader
  /// The transactions in order of execution.
  public var transactions: [SignedTransaction]

  /// A block.
  public init(header: BlockHeader, transactions: [SignedTransaction]) {
    self.header = header
    self.transactions = transactions
  }

  /// The canonical bytes: [header, transactions, uncles, withdrawals], the last two empty.
  public var encoded: [UInt8] {
    var encoder = RLPEncoder(capacity: 700 + transactions.reduce(0) { $0 + $1.encoded.count + 4 })
    encoder.list { list in
      header.encode(into: &list)
      list.append(encoded: Self.encode(transactions))
      list.append(encoded: [0xc0, 0xc0])
    }
    return encoder.bytes
  }

  /// Decodes a block with nothing after it.
  public init(decoding bytes: [UInt8]) throws(BlockError) {
    let header: BlockHeader
    let transactions: [SignedTransaction]
    var list: RLPDecoder
    do throws(RLPError) { list = try RLPDecoder.list(bytes) } catch { throw .malformed(error) }
    header = try BlockHeader.read(&list)
    transactions = try Self.readTransactions(&list)
    do throws(RLPError) {
      let uncles = try list.readList()
      let withdrawals = try list.readList()
      try list.finish()
      guard uncles.isAtEnd, withdrawals.isAtEnd else { throw .unexpectedKind }
    } catch {
      if error == .unexpectedKind { throw .unexpectedContents }
      throw .malformed(error)
    }
    self.init(header: header, transactions: transactions)
  }

  /// The list of transactions as a block carries it: legacy ones as lists, others as strings.
  package static func encode(_ transactions: [SignedTransaction]) -> [UInt8] {
    var encoder = RLPEncoder(capacity: transactions.reduce(8) { $0 + $1.encoded.count + 4 })
    encoder.list { list in
      for transaction in transactions {
        if transaction.transaction.kind == .legacy {
          list.append(encoded: transaction.encoded)
        } else {
          list.append(transaction.encoded)
        }
      }
    }
    return encoder.bytes
  }

  /// Decodes what `encode` wrote.
  package static func decodeTransactions(
    _ bytes: [UInt8]
  ) throws(BlockError) -> [SignedTransaction] {
    var decoder = RLPDecoder(bytes)
    let transactions = try readTransactions(&decoder)
    guard decoder.isAtEnd else { throw .malformed(.trailingBytes) }
    return transactions
  }

  /// The bytes of one transaction of what `encode` wrote, without decoding the others; nil when
  /// there are fewer.
  package static func transactionBytes(
    at index: Int, in bytes: [UInt8]
  ) throws(BlockError) -> [UInt8]? {
    do throws(RLPError) {
      var list = try RLPDecoder.list(bytes)
      for _ in 0..<index {
        if list.isAtEnd { return nil }
        _ = try list.readEncodedItem()
      }
      return list.isAtEnd ? nil : try readTransactionBytes(&list)
    } catch {
      throw .malformed(error)
    }
  }

  private static func readTransactionBytes(_ list: inout RLPDecoder) throws(RLPError) -> [UInt8] {
    list.isNextList ? [UInt8](try list.readEncodedItem()) : try list.readBytes()
  }

  private static func readTransactions(
    _ decoder: inout RLPDecoder
  ) throws(BlockError) -> [SignedTransaction] {
    var transactions: [SignedTransaction] = []
    var list: RLPDecoder
    do throws(RLPError) { list = try decoder.readList() } catch { throw .malformed(error) }
    while !list.isAtEnd {
      let item: [UInt8]
      do throws(RLPError) { item = try readTransactionBytes(&list) } catch {
        throw .malformed(error)
      }
      do throws(TransactionError) {
        transactions.append(try SignedTransaction(decoding: item))
      } catch {
        throw .transaction(index: transactions.count, error)
      }
    }
    return transactions
  }

  /// The root over transactions, as a header carries it.
  public static func transactionsRoot(_ transactions: [SignedTransaction]) -> Hash256 {
    OrderedTrie.root(of: transactions.map(\.encoded))
  }
}
