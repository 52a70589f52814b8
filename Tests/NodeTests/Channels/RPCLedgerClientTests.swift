internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import LedgerRPC
internal import Node
internal import Primitives
internal import Synchronization
internal import TestSupport
internal import Testing

@Suite("Ledger over JSON-RPC", .timeLimit(.minutes(1))) struct RPCLedgerClientTests {
  private static let trusts: [LedgerTrust] = [.genesis(ChannelNode.genesis), .endpoint]

  @Test("tells what the chain says, trusted or proved", arguments: trusts)
  func honest(trust: LedgerTrust) async throws {
    let world = try await ChannelNode()
    let channel = try await world.open(5_000)
    let other = try await world.open(7_000, openCount: 1)
    let request = try await world.mine(.requestClose(channel), by: ChannelNode.payer)
    let view = world.node.test.chain.view
    try await world.withLedger(trust: trust) { ledger in
      let local = ChainLedgerClient(backend: world.backend)
      #expect(try await ledger.chainID() == 1_337)
      #expect(try await ledger.head() == local.head())
      let ids = [channel.id, ChannelID(.zero), other.id]
      let channels = try await ledger.channels(ids)
      #expect(channels == (try await local.channels(ids)))
      #expect(channels.states.map { $0?.deposit } == [5_000, nil, 7_000])
      #expect(channels.states[0]?.closeRequest?.height == view.head.number)
      let payer = ChannelNode.payer.address
      #expect(try await ledger.vault(of: payer).balance == ChannelNode.vault - 12_000)
      #expect(try await ledger.vault(of: payer).openCount == 2)
      #expect(try await ledger.account(payer) == local.account(payer))
      #expect(try await ledger.account(Address(0xabc)).balance == .zero)
      #expect(try await ledger.fees() == local.fees())
      #expect(try await ledger.graceBounds() == local.graceBounds())
      #expect(try await ledger.receipt(of: request.hash) == local.receipt(of: request.hash))
      #expect(try await ledger.receipt(of: .zero) == nil)
      let blocks = try await ledger.blocks(after: 0, limit: 3)
      #expect(blocks == (try await local.blocks(after: 0, limit: 3)))
      let rest = try await ledger.blocks(after: 3, limit: 10)
      #expect(rest.count == 1)
      guard case .closeRequested(channel.id, _, _) = rest.first?.events.first else {
        Issue.record("the close request is not among the events: \(rest)")
        return
      }
    }
  }

  @Test("knows an empty chain, and waits for its first block")
  func genesis() async throws {
    let node = try RPCNode(genesis: ChannelNode.genesis)
    let world = ChannelNode(node)
    try await world.withLedger { ledger in
      #expect(try await ledger.head().height == 0)
      #expect(try await ledger.channels([ChannelID(.zero)]).states == [nil])
      #expect(try await ledger.vault(of: ChannelNode.payer.address).balance == 0)
      async let blocks = ledger.blocks(after: 0, limit: 1)
      try await world.mine(.vaultDeposit, by: ChannelNode.payer, value: 9)
      let payer = ChannelNode.payer.address
      #expect(
        try await blocks.first?.events == [.vaultDeposited(payer: payer, amount: 9, balance: 9)])
    }
  }

  @Test("hands in transactions, twice without harm, and names refusals")
  func sending() async throws {
    let world = try await ChannelNode()
    let old = try await world.mine(.vaultDeposit, by: ChannelNode.payer, value: 1)
    let next = try TestChain.transfer(from: TestChain.keys[2], nonce: 0, to: Address(7))
    let poor = try TestChain.transfer(from: TestChain.key(77), nonce: 0, to: Address(7))
    try await world.withLedger { ledger in
      #expect(try await ledger.send(next.encoded) == next.hash)
      #expect(try await ledger.send(next.encoded) == next.hash)
      await expect(.nonceTooLow) { try await ledger.send(old.encoded) }
      await expect(.insufficientFunds) { try await ledger.send(poor.encoded) }
      await expect(.refused) { try await ledger.send([1, 2, 3]) }
      let call = try ChannelCall.vaultWithdraw(ChannelNode.vault * 2).encoded()
      await expect(.refused) {
        try await ledger.estimateGas(
          from: ChannelNode.payer.address, to: ChannelModule.address, data: call, value: 0)
      }
    }
  }

  // MARK: - Lies

  /// What a lying node says, and what is asked of it.
  struct Lie: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var method: String
    var change: ChannelNode.Lie
    var question: @Sendable (RPCLedgerClient, ChannelDescriptor, Hash256) async throws -> Void
  }

  private static let lies: [Lie] = [
    Lie(testDescription: "a deposit that is higher", method: "eth_getProof") { reply in
      changing(reply, "storageProof") { slots in
        .array(
          (slots.arrayValue ?? []).map { slot in
            changing(slot, "proof") { nodes in
              var nodes = nodes.arrayValue ?? []
              if let last = nodes.last?.stringValue {
                nodes[nodes.count - 1] = .string(String(last.dropLast(10)) + "ff00000000")
              }
              return .array(nodes)
            }
          })
      }
    } question: { ledger, channel, _ in
      _ = try await ledger.channels([channel.id])
    },
    Lie(testDescription: "that a channel is gone", method: "eth_getProof") { reply in
      changing(reply, "storageProof") { slots in
        .array((slots.arrayValue ?? []).map { changing($0, "proof") { _ in [] } })
      }
    } question: { ledger, channel, _ in
      _ = try await ledger.channels([channel.id])
    },
    Lie(testDescription: "fewer words than asked for", method: "eth_getProof") { reply in
      changing(reply, "storageProof") { .array(($0.arrayValue ?? []).dropLast()) }
    } question: { ledger, channel, _ in
      _ = try await ledger.channels([channel.id])
    },
    Lie(testDescription: "another balance", method: "eth_getProof") { reply in
      changing(reply, "accountProof") { .array(($0.arrayValue ?? []).dropLast()) }
    } question: { ledger, channel, _ in
      _ = try await ledger.account(channel.payer)
    },
    Lie(testDescription: "a block of a stranger's", method: "btt_getSealedBlock") {
      resealed($0)
    } question: { ledger, _, _ in
      _ = try await ledger.head()
    },
    Lie(testDescription: "blocks of a stranger's", method: "btt_getSealedBlocks") { reply in
      .array((reply.arrayValue ?? []).map(resealed))
    } question: { ledger, _, _ in
      _ = try await ledger.blocks(after: 0, limit: 2)
    },
    Lie(testDescription: "blocks with a gap", method: "btt_getSealedBlocks") { reply in
      .array(Array((reply.arrayValue ?? []).dropFirst()))
    } question: { ledger, _, _ in
      _ = try await ledger.blocks(after: 0, limit: 2)
    },
    Lie(testDescription: "that a block did nothing", method: "debug_getRawReceipts") { _ in
      []
    } question: { ledger, _, _ in
      _ = try await ledger.blocks(after: 0, limit: 2)
    },
    Lie(testDescription: "another place of a receipt", method: "eth_getTransactionReceipt") {
      changing($0, "blockNumber") { _ in "0x1" }
    } question: { ledger, _, transaction in
      _ = try await ledger.receipt(of: transaction)
    },
    Lie(testDescription: "another chain", method: "eth_chainId") { _ in
      "0x1"
    } question: { ledger, _, _ in
      _ = try await ledger.chainID()
    },
  ]

  @Test("finds out every lie", arguments: lies)
  func findsOut(lie: Lie) async throws {
    let world = try await ChannelNode()
    let channel = try await world.open(5_000)
    let transaction = try await world.mine(.requestClose(channel), by: ChannelNode.payer).hash
    // The same question to the honest node is answered.
    try await world.withLedger { try await lie.question($0, channel, transaction) }
    try await world.withLedger(lies: [lie.method: lie.change]) { ledger in
      await expect(.untrusted) { try await lie.question(ledger, channel, transaction) }
    }
  }

  @Test("takes a stranger's seal from a node that is trusted")
  func trusted() async throws {
    let world = try await ChannelNode()
    try await world.withLedger(
      trust: .endpoint, lies: ["btt_getSealedBlock": Self.resealed]
    ) { ledger in
      let height = try await ledger.head().height
      #expect(height == 1)
    }
  }

  @Test("refuses a newest block that is too old, or older than one before")
  func stale() async throws {
    let world = try await ChannelNode()
    try await world.withLedger(maximumHeadAge: .seconds(99)) { ledger in
      await expect(.untrusted) { try await ledger.head() }
    }
    try await world.withLedger(maximumHeadAge: .seconds(100)) { ledger in
      let height = try await ledger.head().height
      #expect(height == 1)
    }
    let first = try await world.node.call("btt_getSealedBlock", "0x1")
    _ = try await world.open(5)
    let switchboard = Switch()
    try await world.withLedger(
      lies: ["btt_getSealedBlock": { switchboard.isOn ? first : $0 }]
    ) { ledger in
      let height = try await ledger.head().height
      #expect(height == 2)
      switchboard.turnOn()
      await expect(.untrusted) { try await ledger.head() }
    }
  }

  @Test("pays no tip beyond twice the base fee on a node's word")
  func tips() async throws {
    let world = try await ChannelNode()
    try await world.withLedger(lies: ["eth_maxPriorityFeePerGas": { _ in "0xffffffffffffff" }]) {
      let fees = try await $0.fees()
      #expect(fees.baseFee == world.node.test.chain.view.nextBaseFee)
      #expect(fees.priorityFee == fees.baseFee.multiplying(by: 2))
    }
  }

  // MARK: - Support

  /// Something that a test turns on once.
  private final class Switch: Sendable {
    private let state = Mutex(false)
    var isOn: Bool { state.withLock { $0 } }
    func turnOn() { state.withLock { $0 = true } }
  }

  private static func changing(
    _ value: JSONValue, _ key: String, _ change: (JSONValue) -> JSONValue
  ) -> JSONValue {
    guard var object = value.objectValue, let member = object[key] else { return value }
    object[key] = change(member)
    return .object(object)
  }

  @Sendable private static func resealed(_ value: JSONValue) -> JSONValue {
    guard let text = value.stringValue, let bytes = try? Hex.decode(text),
      var sealed = try? SealedBlock(decoding: bytes),
      let seal = try? BlockSeal(
        chainID: 1_337, height: sealed.block.header.number, blockHash: sealed.block.header.hash,
        key: TestChain.key(5))
    else { return value }
    sealed.seal = seal
    return .string(Hex.encode(sealed.encoded))
  }

  private func expect<Value>(
    _ code: LedgerClientError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
  ) async {
    do {
      _ = try await body()
      Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
      #expect((error as? LedgerClientError)?.code == code, sourceLocation: sourceLocation)
    }
  }
}
