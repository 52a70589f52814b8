internal import ChainTypes
internal import JSON
internal import KeyValueStore
internal import Keys
internal import Ledger
internal import Node
internal import PaymentChannels
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("btt_channel*", .timeLimit(.minutes(1))) struct ChannelMethodsTests {
  /// Two owners of channels on one chain, and somebody who makes blocks.
  private struct World {
    let node: ChannelNode
    let payer: ChannelService
    let payee: ChannelService

    func call(
      _ service: ChannelService, _ method: String, _ params: JSONValue..., isAdmin: Bool = true,
      isReceivingOpen: Bool = false
    ) async throws -> JSONValue {
      var table = RPCMethodTable()
      ChannelMethods(service: service, isReceivingOpen: isReceivingOpen).register(in: &table)
      let processor = JSONRPCProcessor(methods: table, logger: ChannelNode.logger)
      let request: JSONValue = [
        "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(params),
      ]
      let bytes =
        await processor.process(request.serialized, context: .init(isAdmin: isAdmin)) ?? []
      let reply = try JSONValue.parse(bytes)
      if let error = reply["error"].flatMap({ RPCError(json: $0) }) { throw error }
      return reply["result"] ?? "no result"
    }
  }

  private func withWorld(_ body: @Sendable (World) async throws -> Void) async throws {
    let node = try await ChannelNode()
    func open(_ key: PrivateKey) async throws -> ChannelService {
      var configuration = ChannelConfiguration()
      configuration.minimumGraceSeconds = 2
      configuration.minimumGraceBlocks = 1
      configuration.resendInterval = .milliseconds(50)
      return try await ChannelService.open(
        store: SimulatedStore(), ledger: ChainLedgerClient(backend: node.backend), account: key,
        configuration: configuration, logger: ChannelNode.logger)
    }
    let world = World(
      node: node, payer: try await open(ChannelNode.payer),
      payee: try await open(ChannelNode.payee))
    // Listened to before anybody sends: a transaction that came earlier would never be told.
    let updates = node.node.pool.updates()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await world.payer.run() }
      group.addTask { await world.payee.run() }
      group.addTask {
        for await _ in updates { try node.node.mine() }
      }
      try await body(world)
      group.cancelAll()
    }
  }

  @Test("a channel lives its whole life by JSON-RPC")
  func life() async throws {
    try await withWorld { world in
      _ = try await world.call(world.payer, "btt_channelVaultDeposit", "0x64")
      let vault = try await world.call(world.payer, "btt_channelVault")
      #expect(vault["balance"]?.stringValue == String(ChannelNode.vault + 100))

      let payee: JSONValue = .string(ChannelNode.payee.address.hex)
      let terms: JSONValue = [
        "payee": payee, "deposit": "1000000000000000000", "graceSeconds": 2, "graceBlocks": 1,
      ]
      let opened = try await world.call(world.payer, "btt_channelOpenMany", [terms, terms])
      let id = try #require(opened[0]?["channelId"])
      #expect(opened[1]?["openCount"] == "1")

      let voucher = try await world.call(world.payer, "btt_channelPay", id, "900000000000000000")
      let credit = try await world.call(world.payee, "btt_channelReceive", voucher)
      #expect(credit["paid"] == "900000000000000000")
      #expect(credit["deposit"] == "1000000000000000000")
      #expect(try await world.call(world.payee, "btt_channelVoucher", id) == voucher)

      let before = try balance(world)
      let settled = try await world.call(world.payee, "btt_channelSettle")
      // The policy may have been quicker: then nothing is left to do.
      #expect(settled.isNull || settled["paid"] == "900000000000000000")
      let row = try await world.call(world.payee, "btt_channelGet", id)
      #expect(row["settled"] == "900000000000000000")
      #expect(row["locked"] == "100000000000000000")
      #expect(try balance(world) != before || settled.isNull)
      let quote = try await world.call(world.payee, "btt_channelQuote")
      #expect(quote["channels"] == 0)

      _ = try await world.call(world.payee, "btt_channelClose", id)
      let rest = try await world.call(world.payee, "btt_channelList")
      #expect(rest.arrayValue?.count == 1)
      let export = try await world.call(world.payee, "btt_channelExport")
      #expect(try await world.call(world.payee, "btt_channelImport", export)["open"] == 1)
    }
  }

  @Test("payee and payer agree to close at once")
  func mutualClose() async throws {
    try await withWorld { world in
      let terms: JSONValue = [
        "payee": .string(ChannelNode.payee.address.hex), "deposit": "1000", "graceSeconds": 2,
        "graceBlocks": 1,
      ]
      _ = try await world.call(world.payer, "btt_channelVaultDeposit", "0x3e8")
      let opened = try await world.call(world.payer, "btt_channelOpen", terms)
      let id = try #require(opened["channelId"])
      let voucher = try await world.call(world.payer, "btt_channelPay", id, "700")
      _ = try await world.call(world.payee, "btt_channelReceive", voucher)
      let release = try await world.call(world.payee, "btt_channelRelease", id, 60)
      #expect(release["capture"] == "700")
      #expect(release["voucher"]?["signature"] == voucher["signature"])
      let later = try await world.call(world.payer, "btt_channelPay", id, "800")
      let refused = await #expect(throws: RPCError.self) {
        try await world.call(world.payee, "btt_channelReceive", later)
      }
      #expect(refused?.data?["code"] == "frozen")
      // Only the payer uses it, and only as it was signed.
      let payees = await #expect(throws: RPCError.self) {
        try await world.call(world.payee, "btt_channelCloseMutual", release)
      }
      #expect(payees?.data?["code"] == "wrong-role")
      var other = try #require(release.objectValue)
      other["capture"] = "600"
      let forged = await #expect(throws: RPCError.self) {
        try await world.call(world.payer, "btt_channelCloseMutual", .object(other))
      }
      #expect(forged?.data?["code"] == "bad-signature")
      let done = try await world.call(world.payer, "btt_channelCloseMutual", release)
      #expect(done["transaction"]?.stringValue?.hasPrefix("0x") == true)
      #expect(try await world.call(world.payer, "btt_channelList").arrayValue?.isEmpty == true)
    }
  }

  private func balance(_ world: World) throws -> UInt256 {
    try world.node.node.test.chain.view.state.account(ChannelNode.payee.address)?.balance ?? .zero
  }

  @Test("all are the administrator's, and taking vouchers is only when it is so set")
  func access() async throws {
    try await withWorld { world in
      var table = RPCMethodTable()
      ChannelMethods(service: world.payee, isReceivingOpen: false).register(in: &table)
      #expect(table.names.allSatisfy { table[$0]?.access == .admin })
      ChannelMethods(service: world.payee, isReceivingOpen: true).register(in: &table)
      #expect(table.names.filter { table[$0]?.access == .open } == ["btt_channelReceive"])
      await #expect(throws: RPCError.self) {
        try await world.call(world.payee, "btt_channelList", isAdmin: false)
      }
    }
  }

  @Test("refusals carry a stable name and the next step")
  func refusals() async throws {
    try await withWorld { world in
      let id = JSONValue.string(ChannelID(.zero).description)
      let unknown = await #expect(throws: RPCError.self) {
        try await world.call(world.payer, "btt_channelPay", id, "0x1")
      }
      #expect(unknown?.data?["code"] == "unknown-channel")
      let malformed = await #expect(throws: RPCError.self) {
        try await world.call(world.payee, "btt_channelReceive", ["format": "other"])
      }
      #expect(malformed?.data?["code"] == "invalid")
      let missing = await #expect(throws: RPCError.self) {
        try await world.call(world.payer, "btt_channelOpen", ["payee": "0x12"])
      }
      #expect(missing?.code == -32602)
    }
  }

  @Test("a voucher is taken only by its payee, on its chain and with the signer's signature")
  func vouchers() async throws {
    try await withWorld { world in
      let channel = try await world.payer.open([
        ChannelTerms(
          payee: ChannelNode.payee.address, graceSeconds: 2, graceBlocks: 1, deposit: 1_000)
      ])
      let descriptor = try #require(channel.first)
      func document(
        _ amount: UInt128, by key: PrivateKey = ChannelNode.payer,
        domain: ChannelDomain? = nil
      ) throws -> JSONValue {
        let domain = domain ?? descriptor.domain
        let voucher = try Voucher(channelID: descriptor.id, cumulativeAmount: amount)
          .signed(by: key, in: domain)
        let object = VoucherDocument(
          domain: domain, descriptor: domain == descriptor.domain ? descriptor : nil,
          voucher: voucher
        ).json
        return .object(object)
      }
      func refusal(_ document: JSONValue, _ service: ChannelService) async -> JSONValue? {
        await #expect(throws: RPCError.self) {
          try await world.call(service, "btt_channelReceive", document)
        }?.data?["code"]
      }
      #expect(
        await refusal(try document(5, by: ChannelNode.payee), world.payee) == "bad-signature")
      #expect(
        await refusal(try document(5, domain: ChannelDomain(chainID: 1)), world.payee) == "invalid")
      #expect(await refusal(try document(1_001), world.payee) == "above-deposit")
      #expect(await refusal(try document(5), world.payer) == "wrong-role")
      #expect(
        try await world.call(world.payee, "btt_channelReceive", try document(5))["paid"] == "5")
      #expect(await refusal(try document(5), world.payee) == "not-above")
    }
  }
}
