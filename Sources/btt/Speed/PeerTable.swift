internal import JSON
internal import Primitives
internal import Speed

/// The other sides of trade as a table, as CSV or as JSON.
struct PeerTable {
  let peers: [StatementBooks.Peer]

  init(_ peers: [StatementBooks.Peer]) { self.peers = peers }

  func print(_ output: OutputOptions, csv: Bool) {
    guard csv else {
      return output.print(
        ["peers": .array(peers.map { .object($0.json) })],
        text: peers.isEmpty
          ? "nothing was traded"
          : Output.grid(
            [["peer", "", "delivered", "verified", "billed", "paid", "settled", "channels"]]
              + peers.map { peer in
                [peer.party.address.checksummed, peer.party.isPaidByUs ? "seller" : "buyer"]
                  + peer.cells + ["\(peer.channels)"]
              }))
    }
    Output.write(
      CSV.text(
        [["peer", "role", "delivered", "verified", "billed", "paid", "settled", "channels"]]
          + peers.map { peer in
            [
              peer.party.address.checksummed, peer.party.isPaidByUs ? "seller" : "buyer",
              "\(peer.figures.delivered)", "\(peer.figures.verified)", "\(peer.figures.billed)",
              "\(peer.figures.paid)", "\(peer.settled)", "\(peer.channels)",
            ]
          }))
  }
}

/// Comma-separated values as RFC 4180 has them.
enum CSV {
  static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func cell(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

extension StatementBooks.Peer {
  /// The figures for programs; amounts in wei as decimal texts.
  var json: JSONObject {
    var object: JSONObject = [
      "delivered": JSONValue(figures.delivered), "verified": JSONValue(figures.verified),
      "billed": .string("\(figures.billed)"), "paid": .string("\(figures.paid)"),
      "settled": .string("\(settled)"), "channels": JSONValue(channels),
    ]
    if party.address != .zero {
      object["peer"] = .string(party.address.checksummed)
      object["role"] = .string(party.isPaidByUs ? "seller" : "buyer")
    }
    return object
  }

  /// The figures for people.
  var cells: [String] {
    [
      TransferReport.size(Int64(clamping: figures.delivered)),
      TransferReport.size(Int64(clamping: figures.verified)),
      SpeedAmount.text(figures.billed), SpeedAmount.text(figures.paid), SpeedAmount.text(settled),
    ]
  }
}

/// Amounts for people.
enum SpeedAmount {
  /// So many wei in BTT, whose digits end where they tell nothing more.
  static func text(_ wei: UInt128) -> String {
    let unit: UInt128 = 1_000_000_000_000_000_000
    var fraction = String(wei % unit)
    fraction = String(repeating: "0", count: 18 - fraction.count) + fraction
    return "\(wei / unit).\(fraction.prefix(6)) BTT"
  }
}
