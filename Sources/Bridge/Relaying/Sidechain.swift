package import ChainTypes
internal import JSON
package import Primitives

/// The sidechain as its own node tells it: the state receiver's and the outboxes' views.
package struct Sidechain: Sendable {
  /// A header that a quorum attested.
  package struct AttestedHeader: Hashable, Sendable {
    package var hash: Hash256
    package var receiptsRoot: Hash256
  }

  /// What became of a message.
  package struct Message: Hashable, Sendable {
    package var status: MessageStatus
    package var failure: MessageFailure?
    /// In seconds since 1970.
    package var retryUntil: UInt64
  }

  /// A checkpoint that somebody signed.
  package struct Checkpoint: Hashable, Sendable {
    package var digest: Hash256
    package var statement: CheckpointStatement
    package var isComplete: Bool
  }

  /// What genesis says of a root chain.
  package struct Root: Hashable, Sendable {
    package var id: RootID
    package var chainID: UInt64
    package var stateSender: Address
    package var checkpoints: Address
    package var manager: Address
    package var btt: Address

    package init(
      id: RootID, chainID: UInt64, stateSender: Address, checkpoints: Address, manager: Address,
      btt: Address
    ) {
      self.id = id
      self.chainID = chainID
      self.stateSender = stateSender
      self.checkpoints = checkpoints
      self.manager = manager
      self.btt = btt
    }
  }

  /// A token that came over the bridge.
  package struct Token: Hashable, Sendable {
    package var child: Address
    package var root: RootID
    package var rootToken: Address
    package var supply: UInt256
    package var name: String
    package var symbol: String
    package var decimals: UInt8
  }

  /// A block of the sidechain.
  package struct Block: Hashable, Sendable {
    package var number: UInt64
    package var hash: Hash256
    package var time: UInt64
  }

  package let port: ChainPort

  package init(port: ChainPort) { self.port = port }

  private static let receiver = StateReceiverModule.address
  /// How many blocks a query for logs spans, and how many queries look for one log.
  private static let logRange: UInt64 = 50_000
  private static let maximumLogQueries = 20

  // MARK: - Blocks

  /// The chain's id.
  package func chainID() async throws(RootChainError) -> UInt64 { try await port.chainID() }

  /// A block by its number, or the newest one.
  package func block(_ number: UInt64? = nil) async throws(RootChainError) -> Block? {
    let tag = number.map { JSONValue.string(Hex.quantity($0)) } ?? "latest"
    return try await port.endpoints.first("sidechain block") { endpoint throws(EndpointError) in
      let reply = try await endpoint.call("eth_getBlockByNumber", [tag, false])
      guard let block = reply.objectValue else { return nil }
      do throws(RPCValueError) {
        return Block(
          number: try block.required("number", .quantity64),
          hash: try block.required("hash", .hash),
          time: try block.required("timestamp", .quantity64))
      } catch {
        throw .malformed("block: \(error)")
      }
    }
  }

  // MARK: - Root chains

  package func roots() async throws(RootChainError) -> [Root] {
    var values = Values(try await port.call(Self.receiver, StateReceiverModule.roots))
    var roots: [Root] = []
    for value in try values.array() {
      guard let id = Values.number(value).flatMap(RootID.init(rawValue:)) else {
        throw .unproven("the sidechain names a root chain that is not known here")
      }
      roots.append(try await root(id))
    }
    return roots
  }

  private func root(_ id: RootID) async throws(RootChainError) -> Root {
    var values = try await receiver(StateReceiverModule.root, [id.abiValue])
    return Root(
      id: id, chainID: try values.uint64(), stateSender: try values.address(),
      checkpoints: try values.address(), manager: try values.address(), btt: try values.address())
  }

  package func isPaused(_ root: RootID) async throws(RootChainError) -> Bool {
    var values = try await receiver(StateReceiverModule.paused, [root.abiValue])
    return try values.bool()
  }

  package func isPausing(
    _ root: RootID, _ validator: Address
  ) async throws(RootChainError) -> Bool {
    var values = try await receiver(
      StateReceiverModule.isPausing, [root.abiValue, .address(validator)])
    return try values.bool()
  }

  // MARK: - Messages

  package func attested(
    _ root: RootID, _ number: UInt64
  ) async throws(RootChainError) -> AttestedHeader? {
    var values = try await receiver(
      StateReceiverModule.attested, [root.abiValue, .uint(UInt256(number))])
    let header = AttestedHeader(hash: try values.hash(), receiptsRoot: try values.hash())
    return header.hash.isZero ? nil : header
  }

  /// Whether a validator has voted at a height, for whichever header.
  package func hasVoted(
    _ validator: Address, _ root: RootID, _ number: UInt64
  ) async throws(RootChainError) -> Bool {
    var values = try await receiver(
      StateReceiverModule.voteOf, [root.abiValue, .uint(UInt256(number)), .address(validator)])
    return try !values.hash().isZero
  }

  package func message(
    _ root: RootID, _ id: UInt64
  ) async throws(RootChainError) -> Message {
    var values = try await receiver(
      StateReceiverModule.message, [root.abiValue, .uint(UInt256(id))])
    guard let status = MessageStatus(rawValue: UInt8(truncatingIfNeeded: try values.uint64()))
    else {
      throw .unproven("the sidechain tells a state of a message that is not known here")
    }
    let failure = MessageFailure(rawValue: UInt8(truncatingIfNeeded: try values.uint64()))
    return Message(status: status, failure: failure, retryUntil: try values.uint64())
  }

  /// The hash of the data that was carried out under a message's id; nil where it is not among the
  /// newest blocks.
  package func appliedData(
    _ root: RootID, _ id: UInt64
  ) async throws(RootChainError) -> Hash256? {
    guard let head = try await block()?.number else { return nil }
    let topics: JSONValue = [
      .string(StateReceiverModule.messageApplied.topic.hex),
      .string(UInt256(root.rawValue).word.hex), .string(UInt256(id).word.hex),
    ]
    var last = head
    for _ in 0..<Self.maximumLogQueries {
      let first = last >= Self.logRange ? last - Self.logRange + 1 : 0
      let filter: JSONObject = [
        "address": .string(Self.receiver.hex), "topics": topics,
        "fromBlock": .string(Hex.quantity(first)), "toBlock": .string(Hex.quantity(last)),
      ]
      let data = try await port.endpoints.first("sidechain logs") {
        endpoint throws(EndpointError) -> [UInt8]? in
        let logs = try await endpoint.ask("eth_getLogs", [.object(filter)], .array(.object))
        guard let log = logs.last else { return nil }
        do throws(RPCValueError) { return try log.required("data", .data) } catch {
          throw .malformed("log: \(error)")
        }
      }
      if let data { return Hash256(data) }
      if first == 0 { return nil }
      last = first - 1
    }
    return nil
  }

  package func isMapped(
    _ root: RootID, _ rootToken: Address
  ) async throws(RootChainError) -> Bool {
    var values = try await receiver(
      StateReceiverModule.childToken, [root.abiValue, .address(rootToken)])
    _ = try values.address()
    return try values.bool()
  }

  // MARK: - Checkpoints

  package func checkpoint(_ digest: Hash256) async throws(RootChainError) -> Checkpoint {
    let sidechainID = try await chainID()
    var values = try await receiver(StateReceiverModule.checkpoint, [.hash(digest)])
    let statement = CheckpointStatement(
      sidechainID: sidechainID, rootID: try values.uint64(), epoch: try values.uint64(),
      endHeight: try values.uint64(), endBlockHash: try values.hash(),
      outboxRoot: try values.hash(), outboxCount: try values.uint64())
    _ = try values.uint256()
    return Checkpoint(digest: digest, statement: statement, isComplete: try values.bool())
  }

  /// The last complete checkpoint of a root chain.
  package func lastCheckpoint(_ root: RootID) async throws(RootChainError) -> Checkpoint? {
    var values = try await receiver(StateReceiverModule.lastCheckpoint, [root.abiValue])
    let digest = try values.hash()
    return digest.isZero ? nil : try await checkpoint(digest)
  }

  /// The digests of checkpoints that were begun since.
  package func candidates(_ root: RootID) async throws(RootChainError) -> [Hash256] {
    var values = try await receiver(StateReceiverModule.checkpointCandidates, [root.abiValue])
    return try values.array().compactMap(Values.hash)
  }

  package func signatures(
    _ digest: Hash256
  ) async throws(RootChainError) -> (signers: [Address], joined: [UInt8]) {
    var values = try await receiver(StateReceiverModule.checkpointSignatures, [.hash(digest)])
    return (try values.array().compactMap(Values.address), try values.bytes())
  }

  package func checkpointDigest(
    _ root: RootID, end: Block, outbox: Outbox
  ) async throws(RootChainError) -> Hash256 {
    var values = try await receiver(
      StateReceiverModule.checkpointDigest,
      [
        root.abiValue, .uint(UInt256(end.number)), .hash(end.hash), .hash(outbox.root),
        .uint(UInt256(outbox.count)),
      ])
    return try values.hash()
  }

  // MARK: - Outboxes

  /// An outbox at a block.
  package struct Outbox: Hashable, Sendable {
    package var root: Hash256
    package var count: UInt64
  }

  /// An outbox as a block left it, or as the newest one did.
  package func outbox(
    _ root: RootID, at number: UInt64? = nil
  ) async throws(RootChainError) -> Outbox {
    var values = Values(
      try await port.call(
        WithdrawalModule.address, WithdrawalModule.outbox, [root.abiValue], at: number))
    return Outbox(root: try values.hash(), count: try values.uint64())
  }

  package func withdrawals(
    _ root: RootID, from first: UInt64, count: UInt64
  ) async throws(RootChainError) -> [Withdrawal] {
    var values = Values(
      try await port.call(
        WithdrawalModule.address, WithdrawalModule.withdrawals,
        [root.abiValue, .uint(UInt256(first)), .uint(UInt256(count))]))
    var withdrawals: [Withdrawal] = []
    for (place, item) in try values.array().enumerated() {
      guard case .tuple(let members) = item else { throw Values.shape }
      var fields = Values(members)
      withdrawals.append(
        Withdrawal(
          index: first + UInt64(place), rootToken: try fields.address(),
          receiver: try fields.address(), amount: try fields.uint256(),
          height: try fields.uint64()))
    }
    return withdrawals
  }

  /// BTT that came from a root chain less what went back.
  package func book(_ root: RootID) async throws(RootChainError) -> UInt256 {
    var values = Values(
      try await port.call(WithdrawalModule.address, WithdrawalModule.book, [root.abiValue]))
    return try values.uint256()
  }

  // MARK: - Tokens

  // As bytes: a root chain's administrator may have written what is no UTF-8.
  private static let name = ABIFunction("name()", returns: "bytes")
  private static let symbol = ABIFunction("symbol()", returns: "bytes")

  package func tokens() async throws(RootChainError) -> [Token] {
    var counted = try await receiver(StateReceiverModule.tokenCount, [])
    let count = min(try counted.uint64(), 100_000)
    var children: [Address] = []
    while UInt64(children.count) < count {
      var values = try await receiver(
        StateReceiverModule.tokens,
        [
          .uint(UInt256(UInt64(children.count))),
          .uint(UInt256(StateReceiverModule.maximumPageCount)),
        ])
      let page = try values.array().compactMap(Values.address)
      if page.isEmpty { break }
      children += page
    }
    var tokens: [Token] = []
    for child in children { tokens.append(try await token(child)) }
    return tokens
  }

  private func token(_ child: Address) async throws(RootChainError) -> Token {
    var values = try await receiver(StateReceiverModule.token, [.address(child)])
    guard let root = RootID(rawValue: try values.uint64()) else { throw Values.shape }
    let rootToken = try values.address()
    let supply = try values.uint256()
    var name = Values(try await port.call(child, Self.name))
    var symbol = Values(try await port.call(child, Self.symbol))
    var decimals = Values(try await port.call(child, BridgedTokenModule.decimals))
    return Token(
      child: child, root: root, rootToken: rootToken, supply: supply,
      name: String(decoding: try name.bytes(), as: UTF8.self),
      symbol: String(decoding: try symbol.bytes(), as: UTF8.self),
      decimals: UInt8(truncatingIfNeeded: try decimals.uint64()))
  }

  private func receiver(
    _ function: ABIFunction, _ arguments: [ABIValue]
  ) async throws(RootChainError) -> Values {
    Values(try await port.call(Self.receiver, function, arguments))
  }
}

extension RootID {
  /// As an argument of the modules' functions.
  package var abiValue: ABIValue { .uint(UInt256(rawValue)) }
}
