package import ChainTypes
internal import JSON
package import Primitives
internal import Synchronization

/// Ethereum, or a chain that speaks its JSON-RPC, behind several endpoints.
package final class EthereumRootChain: RootChain {
  package let id: RootID
  package let endpoints: EndpointGroup
  private let stateSender: Address
  private let finality: RootFinality
  private let clock: any BridgeClock
  private let complained = Mutex<[String: EndpointComplaint]>([:])

  /// The most transactions a block is believed to have.
  private static let maximumReceipts = 100_000

  package init(
    id: RootID, endpoints: EndpointGroup, stateSender: Address, finality: RootFinality,
    clock: any BridgeClock
  ) {
    self.clock = clock
    self.id = id
    self.endpoints = endpoints
    self.stateSender = stateSender
    self.finality = finality
  }

  package var quorum: Int { endpoints.quorum }

  package var complaints: [EndpointComplaint] { complained.withLock { Array($0.values) } }

  /// What a quorum says; who says otherwise is complained about.
  private func agreed<Value: Hashable & Sendable>(
    on subject: String,
    _ request: @escaping @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value
  ) async throws(RootChainError) -> Value {
    let agreement = try await endpoints.agree(on: "\(id) \(subject)", request)
    for endpoint in agreement.dissenters { note(endpoint, subject) }
    return agreement.value
  }

  private func note(_ endpoint: String, _ subject: String) {
    let complaint = EndpointComplaint(endpoint: endpoint, subject: subject, at: clock.now())
    complained.withLock { $0[endpoint] = complaint }
  }

  // MARK: - Blocks

  /// The chain's own id, for its transactions and its typed data.
  package func chainID() async throws(RootChainError) -> UInt64 {
    try await agreed(on: "chain id") { endpoint throws(EndpointError) in
      try await endpoint.ask("eth_chainId", [], .quantity64)
    }
  }

  /// The newest block that a quorum of the endpoints holds for final, by the hash they agree on.
  package func finalized() async throws(RootChainError) -> RootBlock {
    let height = try await endpoints.height(of: finality, "\(id) final block")
    return RootBlock(number: height, hash: try await header(height).hash)
  }

  package func newest() async throws(RootChainError) -> UInt64 {
    try await endpoints.height(of: nil, "\(id) newest block")
  }

  package func header(_ number: UInt64) async throws(RootChainError) -> RootHeader {
    let header: RootHeader? = try await agreed(on: "block \(number)") {
      endpoint throws(EndpointError) in
      let reply = try await endpoint.call(
        "eth_getBlockByNumber", [.string(Hex.quantity(number)), false])
      let header = try await Self.header(reply, endpoint)
      if let header, header.number != number { throw .malformed("another block than \(number)") }
      return header
    }
    guard let header else { throw .notThere("block \(number) of \(id)") }
    return header
  }

  private static func header(
    _ reply: JSONValue, _ endpoint: any BridgeEndpoint
  ) async throws(EndpointError) -> RootHeader? {
    let cause: RPCValueError
    do throws(RPCValueError) {
      return try RPCValueDecoder<RootHeader?>.rootHeader.decode(reply)
    } catch {
      cause = error
    }
    // A fork may have added what the members do not show: the raw header has it, and the hash
    // proves that it is the same one.
    guard let block = reply.objectValue, let hash = try? block.required("hash", .hash),
      let number = block["number"],
      let raw = try? await endpoint.ask("debug_getRawHeader", [number], .data),
      let header = try? RootHeader(decoding: raw), header.hash == hash
    else { throw .malformed("\(cause)") }
    return header
  }

  // MARK: - Messages

  package func hints(
    in range: ClosedRange<UInt64>
  ) async throws(RootChainError) -> [MessageHint] {
    let filter: JSONObject = [
      "fromBlock": .string(Hex.quantity(range.lowerBound)),
      "toBlock": .string(Hex.quantity(range.upperBound)),
      "address": .string(stateSender.hex),
      "topics": [.string(StateSynced.event.topic.hex)],
    ]
    let subject = "\(id) logs of blocks \(range.lowerBound) to \(range.upperBound)"
    let answers = try await endpoints.quorum(of: subject) {
      endpoint throws(EndpointError) -> [MessageHint] in
      try await endpoint.ask("eth_getLogs", [.object(filter)], .array(.messageHint))
        .compactMap(\.self)
    }
    // One that leaves logs out is made up for by the others; one that makes them up proves none.
    var named: [MessageHint: [String]] = [:]
    for answer in answers {
      for hint in Set(answer.value) where range.contains(hint.block) {
        named[hint, default: []].append(answer.endpoint)
      }
    }
    return named.map { hint, endpoints in
      var hint = hint
      hint.endpoints = endpoints
      return hint
    }
  }

  package func complain(about names: Set<String>, _ subject: String) {
    endpoints.leaveAlone(names)
    for endpoint in names { note(endpoint, subject) }
  }

  package func transaction(
    at index: Int, of header: RootHeader
  ) async throws(RootChainError) -> Hash256 {
    let hash: Hash256? = try await agreed(on: "transactions of block \(header.number)") {
      endpoint throws(EndpointError) in
      let hashes = try await Self.transactions(of: header, endpoint)
      return hashes.indices.contains(index) ? hashes[index] : nil
    }
    guard let hash else { throw .notThere("transaction \(index) of block \(header.number)") }
    return hash
  }

  package func receipts(of header: RootHeader) async throws(RootChainError) -> [[UInt8]] {
    try await endpoints.first("\(id) receipts of block \(header.number)") {
      endpoint throws(EndpointError) in
      let replies: [ReceiptReply]
      do throws(EndpointError) {
        replies = try await endpoint.ask(
          "eth_getBlockReceipts", [.string(header.hash.hex)], .array(.rootReceipt))
      } catch {
        // One by one they may fit where they do not all at once.
        switch error {
        case .refused, .tooLarge: break
        default: throw error
        }
        replies = try await Self.singleReceipts(of: header, endpoint)
      }
      let receipts = replies.sorted { $0.index < $1.index }.map(\.bytes)
      guard RootBlockProofs.root(of: receipts) == header.receiptsRoot else {
        throw .malformed("receipts of block \(header.number) that its header does not cover")
      }
      return receipts
    }
  }

  /// The hashes of a block's transactions, which nothing here proves.
  private static func transactions(
    of header: RootHeader, _ endpoint: any BridgeEndpoint
  ) async throws(EndpointError) -> [Hash256] {
    let block = try await endpoint.ask(
      "eth_getBlockByHash", [.string(header.hash.hex), false], .object)
    do throws(RPCValueError) {
      return try block.required("transactions", .array(.hash))
    } catch {
      throw .malformed("\(error)")
    }
  }

  /// The receipts one by one, from endpoints that do not give those of a block.
  private static func singleReceipts(
    of header: RootHeader, _ endpoint: any BridgeEndpoint
  ) async throws(EndpointError) -> [ReceiptReply] {
    let hashes = try await transactions(of: header, endpoint)
    guard hashes.count <= maximumReceipts else { throw .tooLarge }
    var receipts: [ReceiptReply] = []
    for hash in hashes {
      receipts.append(
        try await endpoint.ask("eth_getTransactionReceipt", [.string(hash.hex)], .rootReceipt))
    }
    return receipts
  }

  package func counter(at number: UInt64) async throws(RootChainError) -> UInt64 {
    let call = RootContracts.counter.plainCall
    let output = try await self.call(stateSender, call, at: number)
    guard !output.isEmpty else {
      throw .notThere("the state sender \(stateSender) in block \(number) of \(id)")
    }
    guard let word = Hash256(output), let count = UInt64(exactly: UInt256(word)) else {
      throw .unproven("\(id): the counter of the state sender \(stateSender) is no number")
    }
    return count
  }

  /// What a contract answers at a block, as a quorum says.
  package func call(
    _ contract: Address, _ data: [UInt8], at number: UInt64
  ) async throws(RootChainError) -> [UInt8] {
    let call: JSONObject = ["to": .string(contract.hex), "data": .string(Hex.encode(data))]
    return try await agreed(on: "call of \(contract) at \(number)") {
      endpoint throws(EndpointError) in
      try await endpoint.ask("eth_call", [.object(call), .string(Hex.quantity(number))], .data)
    }
  }

  // MARK: - What is not final yet

  /// A transaction in a block that may still be taken back.
  package struct Seen: Sendable {
    package var time: UInt64
    package var messages: [StateSynced]
  }

  /// The messages of a transaction, as the first endpoint shows it; nil while it is in no block.
  package func transaction(_ hash: Hash256) async throws(RootChainError) -> Seen? {
    let stateSender = stateSender
    return try await endpoints.first("\(id) transaction") { endpoint throws(EndpointError) in
      let reply = try await endpoint.call("eth_getTransactionReceipt", [.string(hash.hex)])
      guard let receipt = reply.objectValue else { return nil }
      do throws(RPCValueError) {
        let logs = try receipt.required("logs", .array(.rootLog))
        let block = try await Self.time(of: receipt, endpoint)
        return Seen(
          time: block,
          messages: logs.filter { $0.address == stateSender }.compactMap { StateSynced($0) })
      } catch {
        throw .malformed("receipt of \(hash): \(error)")
      }
    }
  }

  private static func time(
    of receipt: JSONObject, _ endpoint: any BridgeEndpoint
  ) async throws(RPCValueError) -> UInt64 {
    let number = try receipt.required("blockNumber", .quantity64)
    let block = try? await endpoint.ask(
      "eth_getBlockByNumber", [.string(Hex.quantity(number)), false], .object)
    return try block?.required("timestamp", .quantity64) ?? 0
  }

  /// When a withdrawal was paid, if it was in one of the newest blocks.
  package func claimTime(
    of index: UInt64, _ root: Sidechain.Root
  ) async throws(RootChainError) -> UInt64? {
    try await endpoints.first("\(id) claim \(index)") { endpoint throws(EndpointError) in
      let newest = try await endpoint.ask("eth_blockNumber", [], .quantity64)
      let filter: JSONObject = [
        "fromBlock": .string(Hex.quantity(newest > 5_000 ? newest - 5_000 : 0)),
        "toBlock": .string(Hex.quantity(newest)), "address": .string(root.manager.hex),
        "topics": [.string(RootContracts.claimed.topic.hex), .string(UInt256(index).word.hex)],
      ]
      let logs = try await endpoint.ask("eth_getLogs", [.object(filter)], .array(.object))
      guard let log = logs.last else { return nil }
      do throws(RPCValueError) { return try await Self.time(of: log, endpoint) } catch {
        throw .malformed("log of claim \(index): \(error)")
      }
    }
  }
}
