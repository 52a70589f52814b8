internal import BitTorrent
internal import ChainTypes
package import Metainfo
internal import Synchronization

/// Turns the markets' running counts into a statement's lines.
///
/// It is told of each connection again and again, at last when it has ended; what it was told
/// before is taken off. Its counts run on when another channel follows on the same connection, so
/// what came since belongs to the channel of the newest row.
package final class TradeRecorder: Sendable {
  private struct Key: Hashable {
    var torrent: SHA1Hash
    var connection: UInt64
    var isBuying: Bool
  }

  private struct State {
    var figures: [Key: TradeFigures] = [:]
  }

  private let statement: Statement
  private let state = Mutex(State())

  /// One that writes to a statement.
  package init(statement: Statement) { self.statement = statement }

  /// Takes in how the connections of a torrent stand.
  package func record(_ rows: [SpeedPeerRow], of torrent: SHA1Hash) {
    state.withLock { state in
      var spent: UInt128 = 0
      for row in rows {
        if let channel = row.buyingChannel {
          let key = Key(torrent: torrent, connection: row.connection, isBuying: true)
          let now = TradeFigures(
            delivered: row.received, verified: row.verified, billed: row.spent)
          let before = state.figures.updateValue(now, forKey: key) ?? TradeFigures()
          statement.moved(channel, now - before)
          spent += now.billed > before.billed ? now.billed - before.billed : 0
        }
        if let channel = row.sellingChannel {
          let key = Key(torrent: torrent, connection: row.connection, isBuying: false)
          let now = TradeFigures(
            delivered: row.delivered, verified: row.acknowledged, billed: row.earned)
          let before = state.figures.updateValue(now, forKey: key) ?? TradeFigures()
          statement.moved(channel, now - before)
        }
        if row.hasEnded {
          state.figures = state.figures.filter { $0.key.connection != row.connection }
        }
      }
      if spent > 0 { statement.append(.spent(torrent, spent)) }
    }
  }
}

extension TradeFigures {
  /// What came since; counts never fall.
  fileprivate static func - (left: TradeFigures, right: TradeFigures) -> TradeFigures {
    TradeFigures(
      delivered: max(left.delivered - right.delivered, 0),
      verified: max(left.verified - right.verified, 0),
      billed: left.billed > right.billed ? left.billed - right.billed : 0)
  }
}
