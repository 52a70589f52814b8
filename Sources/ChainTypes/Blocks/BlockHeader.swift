public import Primitives

/// A block's header: the twenty fields of Ethereum's Cancun fork.
///
/// Fields that mean nothing on this chain have their fixed values and are not stored: uncles hash,
/// difficulty, mix hash, nonce, withdrawals root, the blob fields and the parent beacon root.
public struct BlockHeader: Hashable, Sendable {
  /// The hash of the block before; zero in genesis.
  public var parentHash: Hash256
  /// Who gets the proposer's part of the fees.
  public var feeRecipient: Address
  /// The root of the account trie after this block.
  public var stateRoot: Hash256
  /// The root over the transactions' bytes.
  public var transactionsRoot: Hash256
  /// The root over the receipts' bytes.
  public var receiptsRoot: Hash256
  /// The filter over all logs.
  public var logsBloom: Bloom
  /// The block's height; 0 for genesis.
  public var number: UInt64
  /// The most gas its transactions may use.
  public var gasLimit: UInt64
  /// The gas they used.
  public var gasUsed: UInt64
  /// Seconds since 1970, never below the parent's.
  public var timestamp: UInt64
  /// Up to 32 bytes of the proposer's choice.
  public var extraData: [UInt8]
  /// Wei per gas that every transaction pays at least (EIP-1559).
  public var baseFeePerGas: UInt256

  /// The most bytes of extra data: clients refuse more.
  public static let maximumExtraDataCount = 32
  /// Keccak of an empty list: no uncles.
  public static let emptyUnclesHash = Keccak256.hash([0xc0])
  /// The root of an empty trie.
  public static let emptyTrieRoot = Keccak256.hash([0x80])

  /// A header.
  public init(
    parentHash: Hash256, feeRecipient: Address, stateRoot: Hash256, transactionsRoot: Hash256,
    receiptsRoot: Hash256, logsBloom: Bloom, number: UInt64, gasLimit: UInt64, gasUsed: UInt64,
    timestamp: UInt64, extraData: [UInt8], baseFeePerGas: UInt256
  ) {
    self.parentHash = parentHash
    self.feeRecipient = feeRecipient
    self.stateRoot = stateRoot
    self.transactionsRoot = transactionsRoot
    self.receiptsRoot = receiptsRoot
    self.logsBloom = logsBloom
    self.number = number
    self.gasLimit = gasLimit
    self.gasUsed = gasUsed
    self.timestamp = timestamp
    self.extraData = extraData
    self.baseFeePerGas = baseFeePerGas
  }

  /// Keccak of the encoding: the block's hash.
  public var hash: Hash256 { Keccak256.hash(encoded) }

  /// The canonical bytes.
  public var encoded: [UInt8] {
    var encoder = RLPEncoder(capacity: 640)
    encode(into: &encoder)
    return encoder.bytes
  }

  func encode(into encoder: inout RLPEncoder) {
    encoder.list { list in
      list.append(parentHash)
      list.append(Self.emptyUnclesHash)
      list.append(feeRecipient)
      list.append(stateRoot)
      list.append(transactionsRoot)
      list.append(receiptsRoot)
      list.append(logsBloom.bytes)
      list.append(0 as UInt64)  // difficulty
      list.append(number)
      list.append(gasLimit)
      list.append(gasUsed)
      list.append(timestamp)
      list.append(extraData)
      list.append(Hash256.zero)  // mix hash
      list.append([UInt8](repeating: 0, count: 8))  // nonce
      list.append(baseFeePerGas)
      list.append(Self.emptyTrieRoot)  // withdrawals
      list.append(0 as UInt64)  // blob gas used
      list.append(0 as UInt64)  // excess blob gas
      list.append(Hash256.zero)  // parent beacon block root
    }
  }

  /// Decodes a header with nothing after it.
  public init(decoding bytes: [UInt8]) throws(BlockError) {
    var decoder = RLPDecoder(bytes)
    self = try Self.read(&decoder)
    guard decoder.isAtEnd else { throw .malformed(.trailingBytes) }
  }

  /// Reads a header's list.
  static func read(_ decoder: inout RLPDecoder) throws(BlockError) -> BlockHeader {
    let fields: (header: BlockHeader?, fixed: Bool)
    do throws(RLPError) {
      var list = try decoder.readList()
      fields = try readFields(&list)
      try list.finish()
    } catch {
      throw .malformed(error)
    }
    guard let header = fields.header else {
      throw .malformed(.wrongLength(expected: 256, actual: 0))
    }
    guard fields.fixed else { throw .fixedFieldChanged }
    guard header.extraData.count <= maximumExtraDataCount else { throw .extraDataTooLong }
    return header
  }

  private static func readFields(
    _ list: inout RLPDecoder
  ) throws(RLPError) -> (header: BlockHeader?, fixed: Bool) {
    let parentHash = try list.readHash()
    var fixed = try list.readHash() == emptyUnclesHash
    let feeRecipient = try list.readAddress()
    let stateRoot = try list.readHash()
    let transactionsRoot = try list.readHash()
    let receiptsRoot = try list.readHash()
    let bloom = Bloom(try list.readString())
    fixed = try list.readUInt64() == 0 && fixed
    let number = try list.readUInt64()
    let gasLimit = try list.readUInt64()
    let gasUsed = try list.readUInt64()
    let timestamp = try list.readUInt64()
    let extraData = try list.readBytes()
    fixed = try list.readHash().isZero && fixed
    fixed = try list.readBytes() == [UInt8](repeating: 0, count: 8) && fixed
    let baseFeePerGas = try list.readUInt256()
    fixed = try list.readHash() == emptyTrieRoot && fixed
    fixed = try list.readUInt64() == 0 && fixed
    fixed = try list.readUInt64() == 0 && fixed
    fixed = try list.readHash().isZero && fixed
    guard let bloom else { return (nil, fixed) }
    let header = BlockHeader(
      parentHash: parentHash, feeRecipient: feeRecipient, stateRoot: stateRoot,
      transactionsRoot: transactionsRoot, receiptsRoot: receiptsRoot, logsBloom: bloom,
      number: number, gasLimit: gasLimit, gasUsed: gasUsed, timestamp: timestamp,
      extraData: extraData, baseFeePerGas: baseFeePerGas)
    return (header, fixed)
  }
}
