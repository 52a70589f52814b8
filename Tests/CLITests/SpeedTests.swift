internal import Foundation
internal import JSON
internal import TestSupport
internal import Testing

@Suite("btt speed", .timeLimit(.minutes(1))) struct SpeedTests {
  private static let seller = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
  private static let buyer = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
  private static let account = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
  private static let torrent = String(repeating: "c7", count: 20)
  private static let transaction = "0x" + String(repeating: "5e", count: 32)

  private static func channel(_ byte: String) -> String {
    "0x" + String(repeating: byte, count: 32)
  }

  /// Two channels to one seller, of which one is closed, and one of a buyer.
  private static let lines = [
    #"{"time":1000,"event":"opened","channel":"\#(channel("a1"))","peer":"\#(seller)","#
      + #""role":"payer","deposit":"9000","paid":"0","torrent":"\#(torrent)"}"#,
    #"{"time":1001,"event":"limit","total":"5000"}"#,
    #"{"time":1002,"event":"moved","channel":"\#(channel("a1"))","delivered":3145728,"#
      + #""verified":2097152,"billed":"2000","paid":"1500"}"#,
    #"{"time":1003,"event":"spent","torrent":"\#(torrent)","amount":"2000"}"#,
    #"{"time":1004,"event":"closed","channel":"\#(channel("a1"))","total":"1500"}"#,
    #"{"time":1005,"event":"opened","channel":"\#(channel("a2"))","peer":"\#(seller)","#
      + #""role":"payer","deposit":"9000","paid":"0","torrent":"\#(torrent)"}"#,
    #"{"time":1006,"event":"moved","channel":"\#(channel("a2"))","delivered":1,"#
      + #""verified":1,"billed":"20000000000000000000000000","paid":"20000000000000000000000000"}"#,
    #"{"time":1007,"event":"opened","channel":"\#(channel("b1"))","peer":"\#(buyer)","#
      + #""role":"payee","deposit":"700","paid":"0","torrent":"\#(torrent)"}"#,
    #"{"time":1008,"event":"moved","channel":"\#(channel("b1"))","delivered":1048576,"#
      + #""verified":1048576,"billed":"70","paid":"60"}"#,
    #"{"time":1009,"event":"settled","channel":"\#(channel("b1"))","amount":"50","total":"50"}"#,
    #"{"time":1010,"event":"transaction","kind":"settle","transaction":"\#(transaction)","#
      + #""succeeded":true}"#,
    #"{"time":1011,"event":"transaction","kind":"settle","transaction":"\#(transaction)","#
      + #""succeeded":false}"#,
    // What a crash left of a line.
    #"{"time":1012,"event":"mov"#,
  ]

  private let btt: BTTProcess
  private let books: String

  init() throws {
    btt = try BTTProcess()
    books = btt.directory.path("books")
    try FileManager.default.createDirectory(
      atPath: books + "/1337", withIntermediateDirectories: true)
    _ = try btt.file(
      "books/1337/\(Self.account).statement", Self.lines.joined(separator: "\n"))
  }

  private func speed(_ words: String...) async throws -> BTTProcess.Result {
    let result = try await btt.run(["speed"] + words + ["--books", books])
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  /// The cells of comma-separated values without quotes, as these are.
  private func cells(_ result: BTTProcess.Result) -> [[String]] {
    #expect(result.output.hasSuffix("\r\n"))
    return result.output.components(separatedBy: "\r\n").dropLast().map {
      $0.components(separatedBy: ",")
    }
  }

  @Test("status sums both directions, without a node and without a key")
  func status() async throws {
    let status = try await speed("status", "--json").json
    #expect(status["spent"]?["delivered"] == 3_145_729 && status["spent"]?["verified"] == 2_097_153)
    #expect(status["spent"]?["billed"] == "20000000000000000000002000")
    #expect(status["spent"]?["paid"] == "20000000000000000000001500")
    #expect(status["spent"]?["settled"] == "1500" && status["spent"]?["channels"] == 2)
    #expect(status["earned"]?["billed"] == "70" && status["earned"]?["paid"] == "60")
    #expect(status["earned"]?["settled"] == "50" && status["openChannels"] == 2)
    #expect(status["transactions"]?["settle"] == ["succeeded": 1, "failed": 1])

    let text = try await speed("status").output
    #expect(text.contains("bought") && text.contains("20000000.000000 BTT"))
    #expect(text.contains("2 channels open; ledger transactions: settle 1 (1 failed)"))
  }

  private static let header = [
    "peer", "role", "delivered", "verified", "billed", "paid", "settled", "channels",
  ]
  private static let sellerCells = [
    seller, "seller", "3145729", "2097153", "20000000000000000000002000",
    "20000000000000000000001500", "1500", "2",
  ]
  private static let buyerCells = [
    buyer, "buyer", "1048576", "1048576", "70", "60", "50", "1",
  ]

  @Test("earnings, spending and peers have a line for each other side, to the wei")
  func tables() async throws {
    #expect(
      try await cells(speed("peers", "--csv")) == [Self.header, Self.sellerCells, Self.buyerCells])
    #expect(try await cells(speed("spending", "--csv")) == [Self.header, Self.sellerCells])
    #expect(try await cells(speed("earnings", "--csv")) == [Self.header, Self.buyerCells])

    let peers = try #require(try await speed("peers", "--json").json["peers"]?.arrayValue)
    #expect(peers.count == 2 && peers[0]["peer"]?.stringValue == Self.seller)
    #expect(peers[0]["role"] == "seller" && peers[0]["delivered"] == 3_145_729)
    #expect(peers[0]["billed"] == "20000000000000000000002000" && peers[0]["channels"] == 2)
    let earned = try #require(try await speed("earnings", "--json").json["peers"]?.arrayValue)
    #expect(earned.count == 1 && earned[0]["settled"] == "50")
    let spent = try #require(try await speed("spending", "--json").json["peers"]?.arrayValue)
    #expect(spent.count == 1 && spent[0]["settled"] == "1500")
    #expect(try await speed("earnings").output.contains("\(Self.buyer)  buyer  1.0 MB"))
  }

  @Test("history tells line by line, and leaves out what a crash cut off")
  func history() async throws {
    let entries = try #require(try await speed("history", "--json").json["entries"]?.arrayValue)
    #expect(entries.count == Self.lines.count - 1)
    for (entry, line) in zip(entries, Self.lines) {
      #expect(entry == (try JSONValue.parse(Array(line.utf8))))
    }
    let newest = try await speed("history", "--json", "--last", "2").json["entries"]?.arrayValue
    #expect(newest?.count == 2 && newest?[1]["succeeded"] == false)

    let rows = try await cells(speed("history", "--csv"))
    #expect(rows.count == entries.count + 1)
    #expect(
      rows[0] == [
        "time", "event", "channel", "peer", "role", "torrent", "deposit", "delivered", "verified",
        "billed", "paid", "amount", "total", "kind", "transaction", "succeeded",
      ])
    #expect(
      rows[10] == [
        "1009", "settled", Self.channel("b1"), "", "", "", "", "", "", "", "", "50", "50", "", "",
        "",
      ])
    #expect(rows[12].suffix(3) == ["settle", Self.transaction, "false"])
    let text = try await speed("history", "--last", "1").output
    #expect(text.contains("1970-01-01T00:16:51Z") && text.contains("settle failed"))
    #expect(try await btt.run("speed", "history", "--last", "0").status == 2)
  }

  @Test("says where it looked for a statement, and asks which where there are several")
  func choice() async throws {
    let none = try await btt.run("speed", "status", "--books", btt.directory.path("none"), "--json")
    #expect(none.status != 0)
    #expect(try none.error["message"]?.stringValue?.contains("none") == true)

    let other = "0x" + String(repeating: "9", count: 40)
    _ = try btt.file("books/1337/\(other).statement", Self.lines[0] + "\n")
    let several = try await btt.run("speed", "status", "--books", books, "--json")
    #expect(several.status == 2)
    #expect(try several.error["message"]?.stringValue?.contains("2 statements") == true)
    let one = try await speed("status", "--from", other, "--json").json
    #expect(one["openChannels"] == 1 && one["spent"]?["paid"] == "0")
    let named = try await btt.run(
      "speed", "status", "--statement", books + "/1337/\(other).statement", "--json")
    #expect(try named.json["openChannels"] == 1)
  }
}
