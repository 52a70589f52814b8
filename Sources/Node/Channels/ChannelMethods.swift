internal import ChainTypes
internal import JSON
package import PaymentChannels
internal import Primitives

/// The node's own payment channels: `btt_channel*`.
///
/// Amounts are wei, as quantities where a caller gives them and as decimal texts in replies.
package struct ChannelMethods: Sendable {
  private let service: ChannelService
  private let isReceivingOpen: Bool

  /// The methods over the node's channels; with `isReceivingOpen` anybody may hand in vouchers,
  /// which can only bring money.
  package init(service: ChannelService, isReceivingOpen: Bool) {
    self.service = service
    self.isReceivingOpen = isReceivingOpen
  }

  /// Adds the methods to a table.
  package func register(in table: inout RPCMethodTable) {
    addOpening(to: &table)
    addPayments(to: &table)
    addEnding(to: &table)
    add("btt_channelList", 0, to: &table) { service, _, _ in
      .value(.array(await service.list().map { .object($0.json) }))
    }
    add("btt_channelGet", 1, to: &table) { service, params, _ in
      .value(.object(try await service.get(try params.required(0, .channel)).json))
    }
    add("btt_channelQuote", 0, to: &table) { service, _, _ in
      let quote = try await service.quote()
      return .value([
        "channels": JSONValue(quote.channels), "gross": .string(quote.gross.wei.description),
        "fee": .string(quote.fee.wei.description), "net": .string(quote.net.wei.description),
      ])
    }
    add("btt_channelExport", 0, to: &table) { service, _, _ in .value(await service.export().json) }
    add("btt_channelImport", 1, to: &table) { service, params, _ in
      let archive = try ChannelArchive(json: try params.required(0, .any))
      return .value(["open": JSONValue(try await service.merge(archive))])
    }
  }

  private func addOpening(to table: inout RPCMethodTable) {
    add("btt_channelVault", 0, to: &table) { service, _, _ in
      let vault = try await service.vault()
      return .value([
        "account": .string(service.account.checksummed), "balance": .string(String(vault.balance)),
        "openCount": JSONValue(vault.openCount),
      ])
    }
    add("btt_channelVaultDeposit", 1, to: &table) { service, params, _ in
      .value(try await service.depositToVault(try params.required(0, .wei)).json)
    }
    add("btt_channelVaultWithdraw", 1, to: &table) { service, params, _ in
      .value(try await service.withdrawFromVault(try params.required(0, .wei)).json)
    }
    add("btt_channelOpen", 1, to: &table) { service, params, _ in
      let channels = try await service.open([try params.required(0, .terms)])
      return .value(channels.first.map { .object(Self.json($0)) } ?? .null)
    }
    add("btt_channelOpenMany", 1, to: &table) { service, params, _ in
      let channels = try await service.open(try params.required(0, .array(.terms)))
      return .value(.array(channels.map { .object(Self.json($0)) }))
    }
    add("btt_channelTopUp", 2, to: &table) { service, params, _ in
      let item = (id: try params.required(0, .channel), amount: try params.required(1, .wei))
      return .value(try await service.topUp([item]).json)
    }
  }

  private func addPayments(to table: inout RPCMethodTable) {
    add("btt_channelPay", 2, to: &table) { service, params, _ in
      let id = try params.required(0, .channel)
      let summary = try await service.get(id)
      let voucher = try await service.pay(id, total: try params.required(1, .wei))
      let document = VoucherDocument(
        domain: service.domain, descriptor: summary.descriptor, voucher: voucher)
      return .value(.object(document.json))
    }
    let access: RPCMethodTable.Access = isReceivingOpen ? .open : .admin
    add("btt_channelReceive", 1, access: access, to: &table) { service, params, context in
      let document = try VoucherDocument(json: try params.required(0, .any))
      let credit = try await service.receive(document, from: Self.peer(context))
      return .value([
        "channelId": .string(credit.channelID.description),
        "paid": .string(String(credit.paid)), "delivered": .string(String(credit.delivered)),
        "credit": .string(String(credit.credit)), "deposit": .string(String(credit.deposit)),
      ])
    }
    add("btt_channelVoucher", 1, to: &table) { service, params, _ in
      let id = try params.required(0, .channel)
      let summary = try await service.get(id)
      guard let voucher = try await service.newestVoucher(id) else { return .null }
      let document = VoucherDocument(
        domain: service.domain, descriptor: summary.descriptor, voucher: voucher)
      return .value(.object(document.json))
    }
    add("btt_channelSettle", 1, to: &table) { service, params, _ in
      let ids = try params.optional(0, .array(.channel))
      let paid = try await service.settle(ids.map(Set.init))
      return .value(paid.map { ["paid": .string($0.wei.description)] } ?? .null)
    }
  }

  private func addEnding(to table: inout RPCMethodTable) {
    add("btt_channelClose", 1, to: &table) { service, params, _ in
      .value(try await service.close(try params.required(0, .channel)).json)
    }
    add("btt_channelRelease", 2, to: &table) { service, params, _ in
      let id = try params.required(0, .channel)
      let seconds = try params.optional(1, .seconds) ?? 300
      return .value(.object(try await service.releaseDocument(id, validFor: seconds).json))
    }
    add("btt_channelCloseMutual", 1, to: &table) { service, params, _ in
      let document = try ReleaseDocument(json: try params.required(0, .any))
      return .value(try await service.closeMutually(document).json)
    }
    add("btt_channelRequestClose", 1, to: &table) { service, params, _ in
      .value(try await service.requestClose(try params.required(0, .channel)).json)
    }
    add("btt_channelWithdraw", 1, to: &table) { service, params, _ in
      .value(try await service.withdraw(try params.required(0, .channel)).json)
    }
  }

  private func add(
    _ name: String, _ parameters: Int, access: RPCMethodTable.Access = .admin,
    to table: inout RPCMethodTable,
    _ body:
      @escaping @Sendable (ChannelService, RPCParams, RPCRequestContext) async throws -> RPCResult
  ) {
    table.addAsynchronous(name, access: access, parameters: parameters) {
      [service] context, params in
      do {
        return try await body(service, params, context)
      } catch let error as ChannelError {
        throw RPCError(
          code: -32000, message: error.description, data: ["code": .string(error.code)])
      }
    }
  }

  /// Callers are told apart by their addresses: a flood from one leaves the others their share.
  private static func peer(_ context: RPCRequestContext) -> PeerID {
    PeerID(UInt64(truncatingIfNeeded: (context.peer ?? "").hashValue))
  }

  private static func json(_ channel: ChannelDescriptor) -> JSONObject {
    var object = channel.json
    object["channelId"] = .string(channel.id.description)
    return object
  }
}

extension LedgerReceipt {
  fileprivate var json: JSONValue {
    [
      "transaction": .string(transaction.hex), "block": JSONValue(height),
      "fee": .string(fee.description),
    ]
  }
}

extension RPCValueDecoder<ChannelID> {
  /// A channel's id.
  fileprivate static var channel: Self {
    Self { value throws(RPCValueError) in
      ChannelID(try RPCValueDecoder<Hash256>.hash.decode(value))
    }
  }
}

extension RPCValueDecoder<UInt64> {
  /// A number of seconds, as a number or as a quantity.
  fileprivate static var seconds: Self {
    Self { value throws(RPCValueError) in
      if let seconds = value.uint64Value { return seconds }
      return try quantity64.decode(value)
    }
  }
}

extension RPCValueDecoder<UInt128> {
  /// An amount in wei: a quantity, or a decimal text as replies have it.
  fileprivate static var wei: Self {
    Self { value throws(RPCValueError) in
      if let text = value.stringValue, !text.hasPrefix("0x"), let amount = UInt128(text) {
        return amount
      }
      let amount = try RPCValueDecoder<UInt256>.quantity.decode(value)
      guard amount.high == 0 else { throw .wrongType(expected: "an amount below 2^128") }
      return amount.low
    }
  }
}

extension RPCValueDecoder<ChannelTerms> {
  /// `{payee, deposit, signer?, salt?, graceSeconds?, graceBlocks?}`.
  fileprivate static var terms: Self {
    Self { value throws(RPCValueError) in
      guard let object = value.objectValue else { throw .wrongType(expected: "terms") }
      func number(_ name: String, _ standard: UInt32) throws(RPCValueError) -> UInt32 {
        guard let value = object[name], !value.isNull else { return standard }
        guard let number = value.uint64Value.flatMap({ UInt32(exactly: $0) }) else {
          throw .member(name, .wrongType(expected: "a number below 2^32"))
        }
        return number
      }
      return ChannelTerms(
        payee: try object.required("payee", .address),
        signer: try object.optional("signer", .address) ?? .zero,
        salt: try object.optional("salt", .hash) ?? .zero,
        graceSeconds: try number("graceSeconds", 86_400),
        graceBlocks: try number("graceBlocks", 600),
        deposit: try object.required("deposit", .wei))
    }
  }
}
