public import ChainTypes
public import JSON
internal import Metainfo
internal import Primitives

// Amounts are decimal texts: programs that read numbers as floating point lose no wei.
extension StatementEntry {
  /// The line as an object.
  public var json: JSONObject {
    var object: JSONObject = ["time": JSONValue(time), "event": .string(event.name)]
    func put(_ name: String, _ value: UInt128) { object[name] = .string(String(value)) }
    if let channel = event.channel { object["channel"] = .string(channel.description) }
    switch event {
    case .opened(_, let party, let deposit, let paid, let torrent):
      object["peer"] = .string(party.address.checksummed)
      object["role"] = .string(party.isPaidByUs ? "payer" : "payee")
      put("deposit", deposit)
      put("paid", paid)
      object["torrent"] = .string(torrent.hex)
    case .moved(_, let figures):
      object["delivered"] = JSONValue(figures.delivered)
      object["verified"] = JSONValue(figures.verified)
      put("billed", figures.billed)
      put("paid", figures.paid)
    case .limit(let total): put("total", total)
    case .spent(let torrent, let amount):
      object["torrent"] = .string(torrent.hex)
      put("amount", amount)
    case .settled(_, let amount, let total):
      put("amount", amount)
      put("total", total)
    case .closed(_, let total): put("total", total)
    case .transaction(let kind, let hash, let succeeded):
      object["kind"] = .string(kind)
      object["transaction"] = .string(hash.hex)
      object["succeeded"] = .bool(succeeded)
    }
    return object
  }

  /// Reads a line; nil where something is missing or malformed.
  public init?(json: JSONValue) {
    guard let time = json["time"]?.uint64Value, let event = StatementEvent(json: json) else {
      return nil
    }
    self.init(time: time, event: event)
  }
}

extension StatementEvent {
  /// The name of the kind of event.
  public var name: String {
    switch self {
    case .opened: "opened"
    case .moved: "moved"
    case .limit: "limit"
    case .spent: "spent"
    case .settled: "settled"
    case .closed: "closed"
    case .transaction: "transaction"
    }
  }

  /// The channel that it is about.
  public var channel: ChannelID? {
    switch self {
    case .opened(let id, _, _, _, _), .moved(let id, _), .settled(let id, _, _), .closed(let id, _):
      id
    case .limit, .spent, .transaction: nil
    }
  }

  fileprivate init?(json: JSONValue) {
    func text(_ name: String) -> String? { json[name]?.stringValue }
    func wei(_ name: String) -> UInt128? { text(name).flatMap { UInt128($0) } }
    func count(_ name: String) -> Int? { json[name]?.intValue.flatMap { $0 >= 0 ? $0 : nil } }
    let channel = text("channel").flatMap { try? ChannelID(hex: $0) }
    let torrent = text("torrent").flatMap { try? SHA1Hash(hex: $0) }
    switch (text("event"), channel) {
    case ("opened", let id?):
      guard let peer = text("peer").flatMap({ try? Address(hex: $0) }), let role = text("role"),
        role == "payer" || role == "payee", let deposit = wei("deposit"), let paid = wei("paid"),
        let torrent
      else { return nil }
      self = .opened(
        id, ChannelParty(peer, isPaidByUs: role == "payer"), deposit: deposit, paid: paid,
        torrent: torrent)
    case ("moved", let id?):
      guard let delivered = count("delivered"), let verified = count("verified"),
        let billed = wei("billed"), let paid = wei("paid")
      else { return nil }
      self = .moved(
        id,
        TradeFigures(delivered: delivered, verified: verified, billed: billed, paid: paid))
    case ("limit", nil):
      guard let total = wei("total") else { return nil }
      self = .limit(total: total)
    case ("spent", nil):
      guard let torrent, let amount = wei("amount") else { return nil }
      self = .spent(torrent, amount)
    case ("settled", let id?):
      guard let amount = wei("amount"), let total = wei("total") else { return nil }
      self = .settled(id, amount: amount, total: total)
    case ("closed", let id?):
      guard let total = wei("total") else { return nil }
      self = .closed(id, total: total)
    case ("transaction", nil):
      guard let kind = text("kind"),
        let hash = text("transaction").flatMap({ try? Hash256(hex: $0) }),
        let succeeded = json["succeeded"]?.boolValue
      else { return nil }
      self = .transaction(kind: kind, hash, succeeded: succeeded)
    default: return nil
    }
  }
}
