internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import Logging
internal import PaymentChannels
internal import Primitives
internal import TestSupport
internal import Testing

/// Keys, terms and engines that tests share.
enum Fixture {
  static let payer = TestChain.key(11)
  static let payee = TestChain.key(12)
  static let hot = TestChain.key(13)
  static let domain = ChannelDomain(chainID: 1_337)
  static let peer = PeerID(1)

  static func descriptor(
    openCount: UInt64 = 0, signer: Address = .zero, domain: ChannelDomain = domain
  ) -> ChannelDescriptor {
    ChannelDescriptor(
      payer: payer.address, payee: payee.address, signer: signer, graceSeconds: 3_600,
      graceBlocks: 100, openCount: openCount, module: domain.module, chainID: domain.chainID)
  }

  static func voucher(
    _ amount: UInt128, of descriptor: ChannelDescriptor, by key: PrivateKey = payer
  ) throws -> SignedVoucher {
    try Voucher(channelID: descriptor.id, cumulativeAmount: amount)
      .signed(by: key, in: descriptor.domain)
  }

  static func block(
    _ height: UInt64, time: UInt64? = nil, _ events: [ChannelEvent] = []
  ) -> LedgerBlock {
    LedgerBlock(
      head: LedgerHead(height: height, hash: .zero, time: time ?? 1_700_000_000 + height),
      events: events)
  }

  static func engine(
    of key: PrivateKey, store: any KeyValueStore = SimulatedStore(),
    _ adjust: (inout ChannelConfiguration) -> Void = { _ in }
  ) throws -> ChannelEngine {
    var configuration = ChannelConfiguration()
    adjust(&configuration)
    return try ChannelEngine.load(
      store, domain: domain, account: key, voucherSigner: hot, configuration: configuration,
      start: 0, newStoreID: .zero, now: .zero)
  }

  /// An engine that knows one open channel.
  static func engine(
    of key: PrivateKey, knowing descriptor: ChannelDescriptor, deposit: UInt128,
    store: any KeyValueStore = SimulatedStore(),
    _ adjust: (inout ChannelConfiguration) -> Void = { _ in }
  ) throws -> ChannelEngine {
    var engine = try engine(of: key, store: store, adjust)
    engine.apply(block(1, [.opened(descriptor, deposit: deposit)]), now: .zero)
    try engine.commitAll(to: store)
    return engine
  }

  static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}

extension ChannelEngine {
  /// Writes everything that waits, as the service would.
  mutating func commitAll(to store: any KeyValueStore) throws {
    while let batch = commit.begin() {
      do throws(StoreError) {
        try store.write(batch, sync: true)
        commit.finish(nil)
      } catch {
        commit.finish(error)
      }
    }
  }

  /// Runs an operation to its end, writing where it waits.
  mutating func complete<Value>(
    on store: any KeyValueStore,
    _ operation: (inout ChannelEngine) throws(ChannelError) -> Step<Value>
  ) throws -> Value {
    while true {
      switch try operation(&self) {
      case .done(let value): return value
      case .wait(let generation):
        try #require(generation > synced)
        try commitAll(to: store)
      }
    }
  }

  /// Takes a voucher to the disk.
  @discardableResult
  mutating func take(
    _ voucher: SignedVoucher, on store: any KeyValueStore, from peer: PeerID = Fixture.peer,
    now: Duration = .zero
  ) throws -> PayeeCredit {
    try offer(voucher, from: peer, now: now)
    if verifyVouchers().contains(where: { $0.refutes(voucher) }) {
      throw ChannelError.badSignature(voucher.channelID)
    }
    return try complete(on: store) { engine throws(ChannelError) in
      try engine.received(voucher.channelID, amount: voucher.cumulativeAmount)
    }
  }
}

extension StoreSnapshot {
  /// Every record, in order.
  func records() throws -> [[[UInt8]]] {
    var records: [[[UInt8]]] = []
    try forEach { key, value in
      records.append([[UInt8](key), [UInt8](value)])
      return true
    }
    return records
  }
}
