package import ChainTypes
internal import Foundation
internal import JSON
internal import Metainfo
internal import PaymentChannels
package import Primitives
internal import Synchronization

/// An append-only file of what was bought, sold and settled with one key.
///
/// Each line is a JSON object. Sums of what moved are gathered and written by ``flush()``; receipts
/// of the ledger and limits are written at once. Whoever holds the key's lease writes; anybody may
/// read. A line that a crash cut off is dropped when the file is opened again.
public final class Statement: Sendable {
  /// Why a statement cannot be used.
  public struct Failure: Error, CustomStringConvertible {
    /// The file.
    public var path: String
    /// What the system says.
    public var reason: String

    /// What happened and what to do.
    public var description: String {
      "the statement \(path) cannot be used: \(reason); check the folder and who may write there"
    }
  }

  private struct State {
    var file: FileHandle?
    /// Where the last whole line ends.
    var end: UInt64 = 0
    var books = StatementBooks()
    var moved: [ChannelID: TradeFigures] = [:]
  }

  private let state: Mutex<State>
  private let now: @Sendable () -> UInt64

  /// Opens a statement to go on with it, or begins one; without a path it is kept in memory alone.
  public init(path: String?, now: (@Sendable () -> UInt64)? = nil) throws {
    self.now = now ?? { UInt64(max(Date().timeIntervalSince1970, 0)) }
    guard let path else {
      state = Mutex(State())
      return
    }
    do {
      if !FileManager.default.fileExists(atPath: path) {
        guard
          FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw Failure(path: path, reason: "it cannot be created") }
      }
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      let bytes = try file.readToEnd() ?? Data()
      let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      try file.truncate(atOffset: UInt64(whole))
      try file.seekToEnd()
      var state = State()
      state.file = file
      state.end = UInt64(whole)
      for entry in Self.entries(in: bytes.prefix(whole)) { state.books.add(entry) }
      self.state = Mutex(state)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(path: path, reason: error.localizedDescription)
    }
  }

  /// The lines of a file, for who only reads; those that are damaged are left out.
  public static func read(path: String) throws -> [StatementEntry] {
    do {
      return entries(in: try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw Failure(path: path, reason: error.localizedDescription)
    }
  }

  private static func entries(in bytes: Data) -> [StatementEntry] {
    bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? JSONValue.parse([UInt8](line))).flatMap { StatementEntry(json: $0) }
    }
  }

  /// What the lines come to, with what is not written yet.
  public var books: StatementBooks {
    state.withLock { state in
      var books = state.books
      for (id, figures) in state.moved { books.add(.moved(id, figures)) }
      return books
    }
  }

  /// Writes a line, and tells whether that went well.
  ///
  /// With `durably` it returns only once the line is on the disk.
  @discardableResult
  package func append(_ event: StatementEvent, durably: Bool = false) -> Bool {
    state.withLock { state in
      if let id = event.channel, state.books.accounts[id] == nil {
        // Of channels that were never traded on nothing is told.
        guard case .opened = event else { return true }
      }
      switch event {
      // What was promised before the ledger paid is told before that.
      case .settled(let id, _, _), .closed(let id, _): _ = writeMoved(id, &state)
      default: break
      }
      return write(event, &state, durably: durably)
    }
  }

  /// Notes that a channel of the books serves a torrent, and what is promised on it.
  func opened(_ channel: ChannelSummary, for torrent: SHA1Hash) {
    let (deposit, paid) = (channel.deposit.wei.low, channel.paid.wei.low)
    if state.withLock({ $0.books.accounts[channel.id]?.torrent != torrent }) {
      let party =
        channel.role == .payer
        ? ChannelParty(channel.descriptor.payee, isPaidByUs: true)
        : ChannelParty(channel.descriptor.payer, isPaidByUs: false)
      append(.opened(channel.id, party, deposit: deposit, paid: paid, torrent: torrent))
    }
    self.paid(channel.id, total: paid)
  }

  /// Notes that so much more moved on a channel.
  package func moved(_ id: ChannelID, _ figures: TradeFigures) {
    state.withLock { $0.moved[id, default: TradeFigures()] += figures }
  }

  /// Notes that so much is promised on a channel in all.
  package func paid(_ id: ChannelID, total: UInt128) {
    state.withLock { state in
      guard let account = state.books.accounts[id] else { return }
      let known = account.promised + (state.moved[id]?.paid ?? 0)
      guard total > known else { return }
      state.moved[id, default: TradeFigures()].paid += total - known
    }
  }

  /// Writes the sums that are not written yet; `durably` brings all to the disk.
  @discardableResult
  public func flush(durably: Bool = false) -> Bool {
    state.withLock { state in
      var isWritten = true
      for id in state.moved.keys.sorted() { isWritten = writeMoved(id, &state) && isWritten }
      if durably, let file = state.file {
        isWritten = (try? file.synchronize()) != nil && isWritten
      }
      return isWritten
    }
  }

  private func writeMoved(_ id: ChannelID, _ state: inout State) -> Bool {
    guard let figures = state.moved[id], !figures.isEmpty, state.books.accounts[id] != nil else {
      return true
    }
    state.moved[id] = nil
    return write(.moved(id, figures), &state, durably: false)
  }

  /// What is promised on a channel in all, by what was told of it, in wei.
  func promised(on id: ChannelID) -> UInt128 {
    state.withLock { state in
      (state.books.accounts[id]?.promised ?? 0) + (state.moved[id]?.paid ?? 0)
    }
  }

  /// What is owed on a channel in all, by what was told of it, in wei; nil where it knows none.
  package func owed(on id: ChannelID) -> UInt128? {
    state.withLock { state in
      state.books.accounts[id].map { $0.owed + (state.moved[id]?.billed ?? 0) }
    }
  }

  /// What was spent for a torrent, in wei.
  func spent(for torrent: SHA1Hash) -> UInt128 {
    state.withLock { $0.books.spent[torrent] ?? 0 }
  }

  /// What a payer paid us through channels that are closed, in wei.
  package func closed(by payer: Address) -> UInt128 {
    state.withLock { state in
      let party = ChannelParty(payer, isPaidByUs: false)
      return state.books.accounts.values.reduce(0) { sum, account in
        account.isClosed && account.party == party ? sum + account.settled : sum
      }
    }
  }

  private func write(_ event: StatementEvent, _ state: inout State, durably: Bool) -> Bool {
    let entry = StatementEntry(time: now(), event: event)
    state.books.add(entry)
    guard let file = state.file else { return true }
    let line = Data(JSONValue.object(entry.json).serialized + [0x0a])
    do {
      try file.write(contentsOf: line)
      state.end += UInt64(line.count)
      if durably { try file.synchronize() }
      return true
    } catch {
      // A disk that is full may have taken a part, which must not spoil the next line.
      try? file.truncate(atOffset: state.end)
      _ = try? file.seekToEnd()
      return false
    }
  }
}
