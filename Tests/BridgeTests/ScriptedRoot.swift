import Bridge
import ChainTypes
import JSON
import Primitives
import Synchronization
import TestSupport

/// A root chain in memory: blocks of receipts with messages in them, and reorganisations.
final class ScriptedRoot: Sendable {
  struct Block: Sendable {
    var header: RootHeader
    var json: JSONObject
    var receipts: [RootReceipt]
    var transactions: [Hash256]
  }

  struct State: Sendable {
    var blocks: [Block] = []
    /// Those that were taken back; they can be asked for by hash still.
    var orphans: [Block] = []
    var final: UInt64 = 0
    var branch: UInt64 = 0
    var nextID: UInt64 = 1
    /// The last id of each block.
    var counters: [UInt64] = []
    /// How many withdrawals the checkpoints cover that were accepted, each at a block.
    var accepted: [(block: UInt64, outboxCount: UInt64)] = []
    /// What new headers have beyond the fields that are known, and whether blocks show it.
    var added: [(name: String, hash: Hash256, isShown: Bool)] = []
    /// Happens once, when receipts are asked for.
    var onReceipts: (@Sendable (inout State) -> Void)?
  }

  static let stateSender = Address(0x5e4d)
  static let checkpoints = Address(0xc4ec)
  static let genesisTime: UInt64 = 1_700_000_000

  let state = Mutex(State())

  init() { mine([]) }

  var height: UInt64 { state.withLock { UInt64($0.blocks.count) - 1 } }

  func block(_ number: UInt64) -> Block { state.withLock { $0.blocks[Int(number)] } }

  func finalize(_ number: UInt64? = nil) {
    state.withLock { $0.final = number ?? UInt64($0.blocks.count) - 1 }
  }

  /// Makes a block whose transactions send so many messages each, beside a log of `padding` bytes.
  @discardableResult
  func mine(_ messages: [Int], padding: Int = 1) -> UInt64 {
    state.withLock { Self.mine(messages, padding, &$0) }
  }

  /// Takes the newest blocks back; what is made then has other hashes.
  func takeBack(_ depth: Int) { state.withLock { Self.takeBack(depth, &$0) } }

  @discardableResult
  static func mine(_ messages: [Int], _ padding: Int = 1, _ state: inout State) -> UInt64 {
    let number = UInt64(state.blocks.count)
    var receipts: [RootReceipt] = []
    var hashes: [Hash256] = []
    for (index, count) in messages.enumerated() {
      let data = [UInt8](repeating: UInt8(index & 0xff), count: padding)
      var logs: [Log] = [Log(address: Address(7), topics: [], data: data)]
      for _ in 0..<count {
        logs.append(message(state.nextID).log(from: stateSender))
        state.nextID += 1
      }
      receipts.append(
        RootReceipt(
          type: UInt8(index % 3), outcome: .succeeded,
          cumulativeGasUsed: UInt64(21_000 * (index + 1)), logs: logs))
      hashes.append(
        Keccak256.hash(
          UInt256(number).word.bytes + UInt256(UInt64(index)).word.bytes
            + UInt256(state.branch).word.bytes))
    }
    let parent = state.blocks.last?.header.hash ?? .zero
    let (header, json) = header(
      number: number, parent: parent, receipts: receipts, transactions: hashes,
      branch: state.branch, added: state.added)
    state.blocks.append(
      Block(header: header, json: json, receipts: receipts, transactions: hashes))
    state.counters.append(state.nextID - 1)
    return number
  }

  static func takeBack(_ depth: Int, _ state: inout State) {
    state.orphans += state.blocks.suffix(depth)
    state.blocks.removeLast(depth)
    state.counters.removeLast(depth)
    state.nextID = (state.counters.last ?? 0) + 1
    state.branch += 1
  }

  /// The message with an id: a deposit of so many units.
  static func message(_ id: UInt64) -> StateSynced {
    let deposit = BridgeDeposit(
      user: Address(UInt32(id)), rootToken: Address(0xb77), rootID: RootID.eth.rawValue,
      amount: UInt256(id), depositor: Address(9))
    return StateSynced(id: id, data: StateMessage.deposit(deposit).encoded)
  }

  private static func header(
    number: UInt64, parent: Hash256, receipts: [RootReceipt], transactions: [Hash256],
    branch: UInt64, added: [(name: String, hash: Hash256, isShown: Bool)]
  ) -> (RootHeader, JSONObject) {
    let receiptsRoot = RootBlockProofs.root(of: receipts.map(\.encoded))
    var bloom = Bloom.empty
    for receipt in receipts { bloom.formUnion(receipt.bloom) }
    let time = genesisTime + 12 * number
    let gas = UInt64(21_000 * receipts.count)
    let bytes = RLPEncoder.list { list in
      list.append(parent)
      list.append(Hash256.zero)
      list.append(Address.zero)
      list.append(UInt256(branch).word)
      list.append(Hash256.zero)
      list.append(receiptsRoot)
      list.append(bloom.bytes)
      list.append(0 as UInt64)
      list.append(number)
      list.append(30_000_000 as UInt64)
      list.append(gas)
      list.append(time)
      list.append([UInt8]())
      list.append(Hash256.zero)
      list.append([UInt8](repeating: 0, count: 8))
      list.append(7 as UInt64)
      for field in added { list.append(field.hash) }
    }
    guard let header = try? RootHeader(decoding: bytes) else {
      preconditionFailure("a header that is none")
    }
    var json: JSONObject = [
      "hash": .string(header.hash.hex), "parentHash": .string(parent.hex),
      "sha3Uncles": .string(Hash256.zero.hex), "miner": .string(Address.zero.hex),
      "stateRoot": .string(UInt256(branch).word.hex),
      "transactionsRoot": .string(Hash256.zero.hex), "receiptsRoot": .string(receiptsRoot.hex),
      "logsBloom": .string(Hex.encode(bloom.bytes)), "difficulty": "0x0",
      "number": .string(Hex.quantity(number)),
      "gasLimit": .string(Hex.quantity(UInt64(30_000_000))),
      "gasUsed": .string(Hex.quantity(gas)), "timestamp": .string(Hex.quantity(time)),
      "extraData": "0x", "mixHash": .string(Hash256.zero.hex), "nonce": "0x0000000000000000",
      "baseFeePerGas": "0x7", "transactions": .array(transactions.map { .string($0.hex) }),
    ]
    for field in added where field.isShown { json[field.name] = .string(field.hash.hex) }
    return (header, json)
  }
}
