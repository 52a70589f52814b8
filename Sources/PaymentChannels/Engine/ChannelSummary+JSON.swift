internal import ChainTypes
public import JSON
internal import Primitives

extension ChannelSummary {
  /// The JSON form; amounts are wei in decimal texts.
  public var json: JSONObject {
    var object: JSONObject = [
      "channelId": .string(id.description), "role": .string(role.name),
      "channel": .object(descriptor.json), "delivered": Self.text(delivered),
      "paid": Self.text(paid), "settled": Self.text(settled), "locked": Self.text(locked),
      "deposit": Self.text(deposit), "net": Self.text(net),
    ]
    if role == .payer { object["ceiling"] = Self.text(ceiling) }
    if role == .payee { object["window"] = Self.text(window) }
    object["closeRequestedAt"] = closeRequestedAt.map { JSONValue($0) }
    switch hold {
    case .released(let until): object["hold"] = ["released": JSONValue(until)]
    case .closing: object["hold"] = "closing"
    case .oldStore(let shown): object["hold"] = ["oldStore": Self.text(shown)]
    case nil: break
    }
    return object
  }

  private static func text(_ amount: Amount) -> JSONValue { .string(amount.wei.description) }
}

extension ChannelUpdate {
  /// The event's name, as in streams of server-sent events.
  public var name: String {
    switch self {
    case .opened: "opened"
    case .toppedUp: "toppedUp"
    case .paid: "paid"
    case .settled: "settled"
    case .closeRequested: "closeRequested"
    case .closed: "closed"
    case .stopped: "stopped"
    case .transaction: "transaction"
    case .unresolved: "unresolved"
    }
  }

  /// The JSON form; amounts are wei in decimal texts.
  public var json: JSONObject {
    func text(_ wei: UInt128) -> JSONValue { .string(String(wei)) }
    var object: JSONObject = ["event": .string(name)]
    switch self {
    case .opened(let id, let role, let deposit):
      object["channelId"] = .string(id.description)
      object["role"] = .string(role.name)
      object["deposit"] = text(deposit)
    case .toppedUp(let id, let deposit):
      object["channelId"] = .string(id.description)
      object["deposit"] = text(deposit)
    case .paid(let id, let total):
      object["channelId"] = .string(id.description)
      object["total"] = text(total)
    case .settled(let id, let paid, let settled):
      object["channelId"] = .string(id.description)
      object["paid"] = text(paid)
      object["settled"] = text(settled)
    case .closeRequested(let id): object["channelId"] = .string(id.description)
    case .closed(let id, let settled):
      object["channelId"] = .string(id.description)
      object["settled"] = text(settled)
    case .stopped(let id, let shown):
      object["channelId"] = .string(id.description)
      object["shown"] = text(shown)
    case .transaction(let kind, let hash, let succeeded):
      object["kind"] = .string(kind.name)
      object["hash"] = .string(hash.hex)
      object["succeeded"] = .bool(succeeded)
    case .unresolved(let kind, let hash):
      object["kind"] = .string(kind.name)
      object["hash"] = .string(hash.hex)
    }
    return object
  }
}
