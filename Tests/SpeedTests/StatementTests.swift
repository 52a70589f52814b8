import BitTorrent
import ChainTypes
import Foundation
import JSON
import Metainfo
import Primitives
import Speed
import TestSupport
import Testing

@Suite("A statement")
struct StatementTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path("statement") }
  private let seller = Address([UInt8](repeating: 0x51, count: 20)) ?? .zero
  private let buyer = Address([UInt8](repeating: 0xb0, count: 20)) ?? .zero
  private let torrent = SHA1Hash([UInt8](repeating: 0x77, count: 20)) ?? .zero

  init() throws { directory = try TemporaryDirectory() }

  private func channel(_ number: UInt8) -> ChannelID {
    ChannelID(Hash256([UInt8](repeating: number, count: 32)) ?? .zero)
  }

  private func opened(_ number: UInt8, to party: ChannelParty) -> StatementEvent {
    .opened(channel(number), party, deposit: 1_000, paid: 0, torrent: torrent)
  }

  @Test("comes to the same sums when it is read again, whatever was gathered in between")
  func sums() throws {
    let statement = try Statement(path: path, now: { 1_700_000_000 })
    statement.append(opened(1, to: ChannelParty(seller, isPaidByUs: true)))
    statement.append(opened(2, to: ChannelParty(buyer, isPaidByUs: false)))
    statement.moved(channel(1), TradeFigures(delivered: 100, verified: 90, billed: 9))
    statement.moved(channel(1), TradeFigures(delivered: 50, verified: 60, billed: 6))
    statement.paid(channel(1), total: 12)
    statement.paid(channel(1), total: 15)
    // What is known already is not paid again.
    statement.paid(channel(1), total: 15)
    statement.paid(channel(2), total: 70)
    statement.append(.settled(channel(2), amount: 40, total: 40))
    statement.append(.closed(channel(2), total: 70))
    statement.append(.spent(torrent, 15))
    statement.append(.limit(total: 20))
    statement.append(.transaction(kind: "settle", .zero, succeeded: true))
    let live = statement.books
    #expect(statement.flush(durably: true))

    let again = try Statement(path: path).books
    for books in [live, again] {
      let spent = books.total(isPaidByUs: true)
      let earned = books.total(isPaidByUs: false)
      #expect(
        spent.figures == TradeFigures(delivered: 150, verified: 150, billed: 15, paid: 15))
      #expect(earned.figures.paid == 70 && earned.settled == 70)
      #expect(books.peers.map(\.party.address) == [seller, buyer])
      #expect(books.spent == [torrent: 15] && books.ceiling == 20 && books.unaccounted == 5)
      #expect(books.transactions["settle"]?.succeeded == 1)
    }
    #expect(try Statement(path: path).closed(by: buyer) == 70)
    let entries = try Statement.read(path: path)
    #expect(entries.allSatisfy { $0.time == 1_700_000_000 })
    #expect(entries.compactMap { StatementEntry(json: .object($0.json)) } == entries)
  }

  @Test("counts on each channel of a connection what came since the one before, and no more")
  func channelsInTurn() throws {
    let statement = try Statement(path: path)
    let recorder = TradeRecorder(statement: statement)
    var row = SpeedPeerRow(
      peer: PeerHandle(0), address: PeerAddress(ipv4: 0x0505_0505, port: 1), connection: 3)
    for (number, total) in [(1, 40), (1, 90), (2, 90), (2, 100)] as [(UInt8, Int)] {
      if row.buyingChannel != channel(number) {
        statement.append(opened(number, to: ChannelParty(seller, isPaidByUs: true)))
        statement.append(opened(number + 10, to: ChannelParty(buyer, isPaidByUs: false)))
      }
      (row.buyingChannel, row.sellingChannel) = (channel(number), channel(number + 10))
      (row.received, row.verified, row.spent) = (total, total, UInt128(total))
      (row.delivered, row.acknowledged, row.earned) = (total, total, UInt128(total))
      recorder.record([row], of: torrent)
    }
    #expect(statement.owed(on: channel(1)) == 90 && statement.owed(on: channel(2)) == 10)
    let books = statement.books
    #expect(books.spent == [torrent: 100])
    for isPaidByUs in [true, false] {
      let figures = books.total(isPaidByUs: isPaidByUs).figures
      #expect(figures == TradeFigures(delivered: 100, verified: 100, billed: 100))
    }
    // A connection that ended leaves nothing behind.
    row.hasEnded = true
    recorder.record([row], of: torrent)
    row.hasEnded = false
    recorder.record([row], of: torrent)
    #expect(statement.owed(on: channel(2)) == 110)
  }

  @Test("loses nothing but the line that a crash cut off")
  func tornLine() throws {
    let statement = try Statement(path: path)
    statement.append(opened(1, to: ChannelParty(seller, isPaidByUs: true)))
    statement.append(.limit(total: 5), durably: true)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for cut in [1, 7, 20] {
      try (whole + whole.prefix(cut)).write(to: URL(fileURLWithPath: path))
      let again = try Statement(path: path)
      #expect(again.books.ceiling == 5)
      again.append(.limit(total: 6), durably: true)
      #expect(try Statement(path: path).books.ceiling == 6)
      #expect(try Statement.read(path: path).count == 3)
    }
  }

  @Test("passes over lines that are none, and tells nothing of channels that were never traded on")
  func strangeLines() throws {
    let lines = [
      #"{"time":1,"event":"limit","total":"-1"}"#, "{", "[]", "",
      #"{"time":1,"event":"moved","channel":"0x00"}"#, #"{"event":"limit","total":"1"}"#,
    ]
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
    #expect(try Statement.read(path: path).isEmpty)
    let statement = try Statement(path: path)
    statement.append(.settled(channel(9), amount: 1, total: 1))
    statement.paid(channel(9), total: 4)
    statement.flush()
    #expect(try Statement.read(path: path).isEmpty)
  }

  @Test("that cannot be written says so by name")
  func failure() {
    #expect(throws: Statement.Failure.self) {
      try Statement(path: directory.path("no/such/folder"))
    }
  }
}
