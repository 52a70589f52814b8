import Bridge
import ChainTypes
import JSON
import Primitives
import Synchronization

/// An endpoint of a scripted root chain, with faults.
final class ScriptedEndpoint: BridgeEndpoint {
  enum Fault: Hashable, Sendable {
    /// Answers nothing until the caller gives up.
    case stall
    case unreachable
    case rateLimit
    /// Leaves all logs out.
    case omitLogs
    /// Adds a log of a message that was never sent.
    case forgeLogs
    /// Shows headers of another branch, whose hashes fit.
    case forgeHeaders
    /// Changes a byte of receipts.
    case forgeReceipts
    /// Does not give a block's receipts at once.
    case noBlockReceipts
    /// Has blocks whose receipts are more than one reply may carry.
    case largeBlocks
    /// Leaves the logs of one block out.
    case omitBlock(UInt64)
    /// Refuses ranges of more blocks.
    case range(UInt64)
    /// Shows the chain so many blocks shorter.
    case lag(UInt64)
    /// Adds a log to every block.
    case forgeEveryLog
    /// Shows logs in transactions of other hashes.
    case forgeTransactions
    /// Keeps only the newest state.
    case forgetStates
    /// Tells of a checkpoint over this many withdrawals.
    case checkpointed(UInt64)
  }

  let name: String
  let root: ScriptedRoot
  private let faults = Mutex<Set<Fault>>([])
  private let calls = Mutex<[String: Int]>([:])

  init(_ name: String, _ root: ScriptedRoot, _ faults: Set<Fault> = []) {
    self.name = name
    self.root = root
    set(faults)
  }

  func set(_ faults: Set<Fault>) { self.faults.withLock { $0 = faults } }

  func count(_ method: String) -> Int { calls.withLock { $0[method] ?? 0 } }

  func call(_ method: String, _ params: [JSONValue]) async throws(EndpointError) -> JSONValue {
    calls.withLock { $0[method, default: 0] += 1 }
    if method == "eth_getBlockReceipts" {
      root.state.withLock { state in
        let happens = state.onReceipts
        state.onReceipts = nil
        happens?(&state)
      }
    }
    let faults = faults.withLock { $0 }
    if faults.contains(.stall) {
      try? await Task.sleep(for: .seconds(3_600))
      throw .unreachable("no answer")
    }
    if faults.contains(.unreachable) { throw .unreachable("connection refused") }
    if faults.contains(.rateLimit) { throw .rateLimited }
    return try answer(method, params, faults)
  }

  private func answer(
    _ method: String, _ params: [JSONValue], _ faults: Set<Fault>
  ) throws(EndpointError) -> JSONValue {
    let state = root.state.withLock { $0 }
    var lag: UInt64 = 0
    for case .lag(let blocks) in faults { lag = blocks }
    let last = UInt64(state.blocks.count) - 1
    let head = last > lag ? last - lag : 0
    switch method {
    case "eth_chainId": return "0x1"
    case "eth_blockNumber": return .string(Hex.quantity(head))
    case "eth_getBlockByNumber":
      let tag = params.first?.stringValue ?? ""
      let number =
        tag == "finalized"
        ? min(state.final, head) : tag == "latest" ? head : (try? Hex.decodeQuantity64(tag)) ?? 0
      guard number <= head else { return .null }
      return .object(header(state.blocks[Int(number)], faults))
    case "eth_getBlockByHash":
      guard let block = find(params.first, state) else { return .null }
      return .object(block.json)
    case "eth_getLogs": return try logs(params, state, head, faults)
    case "eth_getBlockReceipts":
      if faults.contains(.largeBlocks) { throw .tooLarge }
      if faults.contains(.noBlockReceipts) { throw .refused(.methodNotFound(method)) }
      guard let block = find(params.first, state) else { return .null }
      return .array(block.receipts.indices.map { receipt(block, $0, faults) })
    case "eth_getTransactionReceipt":
      for block in state.blocks {
        if let index = block.transactions.firstIndex(where: { $0.hex == params.first?.stringValue })
        {
          return receipt(block, index, faults)
        }
      }
      return .null
    case "eth_call":
      let number = (try? Hex.decodeQuantity64(params.last?.stringValue ?? "")) ?? 0
      guard number <= head else { throw .refused(.server("header not found")) }
      if faults.contains(.forgetStates), number < head {
        throw .refused(.server("missing trie node"))
      }
      if params.first?["to"]?.stringValue == ScriptedRoot.checkpoints.hex {
        return try checkpoints(params.first?["data"]?.stringValue ?? "", number, state, faults)
      }
      return .string(UInt256(state.counters[Int(number)]).word.hex)
    case "debug_getRawHeader":
      let number = (try? Hex.decodeQuantity64(params.first?.stringValue ?? "")) ?? 0
      return .string(Hex.encode(state.blocks[Int(number)].header.encoded))
    default: throw .refused(.methodNotFound(method))
    }
  }

  private func checkpoints(
    _ data: String, _ number: UInt64, _ state: ScriptedRoot.State, _ faults: Set<Fault>
  ) throws(EndpointError) -> JSONValue {
    var counts = state.accepted.filter { $0.block <= number }.map(\.outboxCount)
    for case .checkpointed(let count) in faults { counts = [count] }
    if data == Hex.encode(RootContracts.checkpointCount.plainCall) {
      return .string(UInt256(UInt64(counts.count)).word.hex)
    }
    let words = [.zero, .zero, .zero, UInt256(counts.last ?? 0), .zero, .zero]
    return .string(Hex.encode(words.flatMap(\.word.bytes)))
  }

  private func header(_ block: ScriptedRoot.Block, _ faults: Set<Fault>) -> JSONObject {
    guard faults.contains(.forgeHeaders) else { return block.json }
    var forged = block.json
    forged["stateRoot"] = .string(Keccak256.hash([1]).hex)
    guard case .list(var fields)? = try? RLPItem(decoding: block.header.encoded) else {
      return forged
    }
    fields[3] = .string(Keccak256.hash([1]).bytes)
    forged["hash"] = .string(Keccak256.hash(RLPItem.list(fields).encoded).hex)
    return forged
  }

  private func find(_ hash: JSONValue?, _ state: ScriptedRoot.State) -> ScriptedRoot.Block? {
    (state.blocks + state.orphans).first { $0.header.hash.hex == hash?.stringValue }
  }

  private func logs(
    _ params: [JSONValue], _ state: ScriptedRoot.State, _ head: UInt64, _ faults: Set<Fault>
  ) throws(EndpointError) -> JSONValue {
    let filter = params.first
    let first = (try? Hex.decodeQuantity64(filter?["fromBlock"]?.stringValue ?? "")) ?? 0
    let last = (try? Hex.decodeQuantity64(filter?["toBlock"]?.stringValue ?? "")) ?? 0
    for case .range(let blocks) in faults where last - first + 1 > blocks {
      throw .refused(RPCError(code: -32005, message: "query exceeds max block range \(blocks)"))
    }
    if faults.contains(.omitLogs) { return [] }
    var logs: [JSONValue] = []
    for number in first...max(first, min(last, head)) where number <= head {
      if faults.contains(.omitBlock(number)) { continue }
      let block = state.blocks[Int(number)]
      for (index, receipt) in block.receipts.enumerated() {
        for log in receipt.logs where log.address == ScriptedRoot.stateSender {
          var shown = Self.json(log, block, index)
          if faults.contains(.forgeTransactions) {
            shown["transactionHash"] = .string(Keccak256.hash([9]).hex)
          }
          logs.append(.object(shown))
        }
      }
      if faults.contains(.forgeEveryLog) {
        let log = ScriptedRoot.message(state.nextID + number).log(from: ScriptedRoot.stateSender)
        logs.append(.object(Self.json(log, block, 0)))
      }
    }
    if faults.contains(.forgeLogs), first <= head {
      let log = ScriptedRoot.message(state.nextID + 5).log(from: ScriptedRoot.stateSender)
      logs.append(.object(Self.json(log, state.blocks[Int(first)], 0)))
    }
    return .array(logs)
  }

  private static func json(_ log: Log, _ block: ScriptedRoot.Block, _ index: Int) -> JSONObject {
    [
      "address": .string(log.address.hex), "topics": .array(log.topics.map { .string($0.hex) }),
      "data": .string(Hex.encode(log.data)),
      "blockNumber": .string(Hex.quantity(block.header.number)),
      "transactionIndex": .string(Hex.quantity(UInt64(index))),
      "transactionHash": .string(
        block.transactions.indices.contains(index)
          ? block.transactions[index].hex : Hash256.zero.hex),
    ]
  }

  private func receipt(
    _ block: ScriptedRoot.Block, _ index: Int, _ faults: Set<Fault>
  ) -> JSONValue {
    let receipt = block.receipts[index]
    var logs = receipt.logs.map { Self.json($0, block, index) }
    if faults.contains(.forgeReceipts) { logs[0]["data"] = "0xffff" }
    return [
      "type": .string(Hex.quantity(UInt64(receipt.type))), "status": "0x1",
      "cumulativeGasUsed": .string(Hex.quantity(receipt.cumulativeGasUsed)),
      "logsBloom": .string(Hex.encode(receipt.bloom.bytes)),
      "logs": .array(logs.map { .object($0) }),
      "transactionIndex": .string(Hex.quantity(UInt64(index))),
      "blockNumber": .string(Hex.quantity(block.header.number)),
    ]
  }
}
