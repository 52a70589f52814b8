public import Primitives

/// What a log of the module tells; amounts are in wei, and running totals make history needless.
public enum ChannelEvent: Hashable, Sendable {
  /// A vault grew by `amount` to `balance`.
  case vaultDeposited(payer: Address, amount: UInt128, balance: UInt128)
  /// A vault shrank by `amount` to `balance`.
  case vaultWithdrawn(payer: Address, amount: UInt128, balance: UInt128)
  /// A channel was opened.
  case opened(ChannelDescriptor, deposit: UInt128)
  /// A deposit grew by `amount` to `deposit`; a close request is cleared.
  case toppedUp(ChannelID, amount: UInt128, deposit: UInt128)
  /// The payee got `paid`, `settled` in all.
  case settled(ChannelID, paid: UInt128, settled: UInt128)
  /// The payer asked for the close.
  case closeRequested(ChannelID, at: UInt32, roomBlocks: UInt64)
  /// The channel is gone.
  case closed(ChannelID, paid: UInt128, settled: UInt128, refund: UInt128)

  /// The event in a log of the module of `domain`, or nil when the log is another's or malformed.
  public init?(_ log: Log, in domain: ChannelDomain) {
    guard log.address == domain.module, let topic = log.topics.first else { return nil }
    guard let event = ChannelModule.events.first(where: { $0.topic == topic }),
      let values = try? event.decode(topics: log.topics, data: log.data),
      let decoded = Self(event, EventValues(values), domain)
    else { return nil }
    self = decoded
  }

  /// The channel, unless the event is a vault's.
  public var channelID: ChannelID? {
    switch self {
    case .vaultDeposited, .vaultWithdrawn: nil
    case .opened(let descriptor, _): descriptor.id
    case .toppedUp(let id, _, _), .settled(let id, _, _), .closeRequested(let id, _, _),
      .closed(let id, _, _, _):
      id
    }
  }

  private init?(_ event: ABIEvent, _ values: EventValues, _ domain: ChannelDomain) {
    var values = values
    switch event {
    case ChannelModule.vaultDeposited, ChannelModule.vaultWithdrawn:
      guard let payer = values.address(), let amount = values.uint(), let balance = values.uint()
      else { return nil }
      self =
        event == ChannelModule.vaultDeposited
        ? .vaultDeposited(payer: payer, amount: amount, balance: balance)
        : .vaultWithdrawn(payer: payer, amount: amount, balance: balance)
    case ChannelModule.channelOpened:
      guard let id = values.id(), let payer = values.address(), let payee = values.address(),
        let signer = values.address(), let salt = values.hash(), let seconds = values.uint32(),
        let blocks = values.uint32(), let openCount = values.uint64(), let deposit = values.uint()
      else { return nil }
      let descriptor = ChannelDescriptor(
        payer: payer, payee: payee, signer: signer, salt: salt, graceSeconds: seconds,
        graceBlocks: blocks, openCount: openCount, module: domain.module, chainID: domain.chainID)
      guard descriptor.id == id else { return nil }
      self = .opened(descriptor, deposit: deposit)
    default:
      guard let id = values.id(), values.address() != nil, values.address() != nil else {
        return nil
      }
      switch event {
      case ChannelModule.channelToppedUp:
        guard let amount = values.uint(), let deposit = values.uint() else { return nil }
        self = .toppedUp(id, amount: amount, deposit: deposit)
      case ChannelModule.channelSettled:
        guard let paid = values.uint(), let settled = values.uint() else { return nil }
        self = .settled(id, paid: paid, settled: settled)
      case ChannelModule.closeRequested:
        guard let at = values.uint32(), let roomBlocks = values.uint64() else { return nil }
        self = .closeRequested(id, at: at, roomBlocks: roomBlocks)
      case ChannelModule.channelClosed:
        guard let paid = values.uint(), let settled = values.uint(), let refund = values.uint()
        else { return nil }
        self = .closed(id, paid: paid, settled: settled, refund: refund)
      default: return nil
      }
    }
  }
}

/// A log's values, taken one after the other.
private struct EventValues {
  private var values: ArraySlice<ABIValue>

  init(_ values: [ABIValue]) { self.values = values[...] }

  mutating func address() -> Address? {
    guard case .address(let address) = values.popFirst() else { return nil }
    return address
  }

  mutating func hash() -> Hash256? {
    guard case .fixedBytes(let bytes) = values.popFirst() else { return nil }
    return Hash256(bytes)
  }

  mutating func id() -> ChannelID? { hash().map(ChannelID.init) }

  mutating func uint() -> UInt128? {
    guard case .uint(let value) = values.popFirst(), value.high == 0 else { return nil }
    return value.low
  }

  mutating func uint64() -> UInt64? { uint().flatMap(UInt64.init(exactly:)) }

  mutating func uint32() -> UInt32? { uint().flatMap(UInt32.init(exactly:)) }
}
