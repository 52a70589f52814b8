public import Primitives
public import Trie

/// A message of a root chain with all that proves it under an attested header.
///
/// The receipt itself is the value that the last node carries.
public struct DepositProof: Hashable, Sendable {
  /// The most bytes of all nodes: with the header, a transaction of 1 MiB can carry them.
  public static let maximumSize = 1_000_000
  /// The most nodes on the way to a receipt: one for each nibble of its key, and the root.
  public static let maximumNodeCount = 19

  /// The id of the root chain.
  public var rootID: UInt64
  /// The block's header in RLP.
  public var header: [UInt8]
  /// The transaction's place in the block.
  public var transactionIndex: UInt64
  /// The nodes of the receipts trie, from the root to the receipt's.
  public var nodes: [[UInt8]]
  /// The log's place in the receipt, not in the block.
  public var logIndex: UInt64

  /// A proof, which is not checked.
  public init(
    rootID: UInt64, header: [UInt8], transactionIndex: UInt64, nodes: [[UInt8]], logIndex: UInt64
  ) {
    self.rootID = rootID
    self.header = header
    self.transactionIndex = transactionIndex
    self.nodes = nodes
    self.logIndex = logIndex
  }

  /// What a proof proves, once its header is known to be the root chain's.
  public struct Content: Hashable, Sendable {
    /// The header.
    public var header: RootHeader
    /// The receipt.
    public var receipt: RootReceipt
    /// The message.
    public var message: StateSynced
  }

  /// The key of a receipt in its block's trie.
  public static func key(of transactionIndex: UInt64) -> [UInt8] {
    var encoder = RLPEncoder(capacity: 9)
    encoder.append(transactionIndex)
    return encoder.bytes
  }

  /// Everything that the proof can be checked for by itself: that the nodes prove the receipt under
  /// the header's root, and that the log is a message which `stateSender` emitted for `receiver`.
  ///
  /// That the header belongs to the root chain is for the caller to know, by its hash.
  public func verified(
    stateSender: Address, receiver: Address = StateReceiverModule.address
  ) throws(DepositProofError) -> Content {
    let header: RootHeader
    do throws(RootDataError) { header = try RootHeader(decoding: self.header) } catch {
      throw .header(error)
    }
    let value: [UInt8]?
    do throws(TrieProofError) {
      value = try TrieProof.verify(
        root: header.receiptsRoot, key: Self.key(of: transactionIndex), nodes: nodes,
        maximumSize: Self.maximumSize)
    } catch {
      throw .nodes(error)
    }
    guard let value else { throw .noReceipt(transactionIndex: transactionIndex) }
    let receipt: RootReceipt
    do throws(RootDataError) { receipt = try RootReceipt(decoding: value) } catch {
      throw .receipt(error)
    }
    guard logIndex < UInt64(receipt.logs.count) else {
      throw .noLog(index: logIndex, count: receipt.logs.count)
    }
    let log = receipt.logs[Int(logIndex)]
    guard log.address == stateSender else { throw .wrongEmitter(log.address) }
    guard let message = StateSynced(log) else { throw .notAMessage }
    guard message.receiver == receiver else { throw .wrongReceiver(message.receiver) }
    return Content(header: header, receipt: receipt, message: message)
  }
}

/// Why a proof proves no message.
public enum DepositProofError: Error, Equatable, Sendable {
  /// The header is malformed.
  case header(RootDataError)
  /// The nodes do not prove anything under the header's receipts root.
  case nodes(TrieProofError)
  /// The nodes prove that there is no such receipt.
  case noReceipt(transactionIndex: UInt64)
  /// The receipt is malformed.
  case receipt(RootDataError)
  /// The receipt has fewer logs.
  case noLog(index: UInt64, count: Int)
  /// Another contract than the state sender emitted the log.
  case wrongEmitter(Address)
  /// The log is no `StateSynced` in its one form.
  case notAMessage
  /// The message is for somebody else.
  case wrongReceiver(Address)
}

extension DepositProofError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .header(let cause): "header: \(cause)"
    case .nodes(let cause): "receipts trie: \(cause)"
    case .noReceipt(let index): "the block has no transaction with index \(index)"
    case .receipt(let cause): "receipt: \(cause)"
    case .noLog(let index, let count):
      "the receipt has no log with index \(index), only \(count): count inside the receipt, not "
        + "inside the block"
    case .wrongEmitter(let address): "the log is \(address)'s, not the state sender's"
    case .notAMessage: "the log is no StateSynced event in its canonical form"
    case .wrongReceiver(let address): "the message is for \(address), not for this chain's receiver"
    }
  }
}
