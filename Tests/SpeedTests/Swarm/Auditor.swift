import BitTorrent
import NIOCore
import Primitives
import Speed

/// A market under somebody's eyes who keeps his own count of what it promised at a price and sent,
/// whatever the market came to bill.
final class Auditor: Strategy {
  private let market: SpeedMarket
  private let note: (_ payer: Address, _ sold: UInt128, _ given: Int) -> Void
  private var payers: [PeerHandle: Address] = [:]
  private var promised: [PeerHandle: [BlockRequest: (payer: Address, price: UInt128)]] = [:]

  /// Looks at a market; `note` hears what was sold, in bytes times price, and given, in bytes.
  init(
    _ market: SpeedMarket,
    note: @escaping (_ payer: Address, _ sold: UInt128, _ given: Int) -> Void
  ) {
    self.market = market
    self.note = note
  }

  func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict {
    let verdict = market.admit(request, from: peer)
    if case .serve = verdict, let sale = market.sale(to: peer) {
      promised[peer, default: [:]][request] = sale
      payers[peer] = sale.payer
    }
    return verdict
  }

  func observe(_ event: TransferEvent, figures: PeerFigures, wishes: inout [StrategyWish]) {
    switch event {
    case .sent(let block, to: let peer):
      if let sale = promised[peer]?.removeValue(forKey: block) {
        note(sale.payer, UInt128(block.length) * sale.price, 0)
      }
    case .dropped(let block, of: let peer): promised[peer]?[block] = nil
    case .verified(_, let bytes, from: let peer):
      if let payer = payers[peer] ?? market.sale(to: peer)?.payer { note(payer, 0, bytes) }
    case .copied(let block, from: let peer):
      if let payer = payers[peer] ?? market.sale(to: peer)?.payer { note(payer, 0, block.length) }
    default: break
    }
    market.observe(event, figures: figures, wishes: &wishes)
  }

  func disconnected(_ peer: PeerHandle) {
    (promised[peer], payers[peer]) = (nil, nil)
    market.disconnected(peer)
  }

  // The rest is the market's.

  func advance(to now: NIODeadline) { market.advance(to: now) }
  func settle(wishes: inout [StrategyWish]) { market.settle(wishes: &wishes) }
  func tick(_ torrent: TorrentFigures, wishes: inout [StrategyWish]) {
    market.tick(torrent, wishes: &wishes)
  }
  func connected(_ peer: PeerHandle, _ introduction: PeerIntroduction) {
    market.connected(peer, introduction)
  }
  func rank(of peer: PeerHandle, figures: PeerFigures) -> UploadRank? {
    market.rank(of: peer, figures: figures)
  }
  func binds(_ peer: PeerHandle) -> Bool { market.binds(peer) }
  func wantsLeaves(of peer: PeerHandle) -> Bool { market.wantsLeaves(of: peer) }
  func leavesChanged(ofPiece piece: Int, areComing: Bool) {
    market.leavesChanged(ofPiece: piece, areComing: areComing)
  }
  var extensionNames: [String] { market.extensionNames }
  func handshakeEntries(for peer: PeerHandle) -> [String: ByteBuffer] {
    market.handshakeEntries(for: peer)
  }
  func extensionsAgreed(
    _ names: [String], entries: [String: ByteBuffer], with peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    market.extensionsAgreed(names, entries: entries, with: peer, wishes: &wishes)
  }
  func received(
    _ payload: ByteBuffer, of extensionName: String, from peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    market.received(payload, of: extensionName, from: peer, wishes: &wishes)
  }
  func keeps(_ peer: PeerHandle) -> Bool { market.keeps(peer) }
  func ended() { market.ended() }
}
