/// Where a peer's address was learnt; a peer that several sources name ranks higher.
public enum PeerSource: UInt8, CaseIterable, Hashable, Sendable {
  /// Given by the user, or by a magnet link.
  case user
  /// Named by a tracker.
  case tracker
  /// Found in the distributed hash table.
  case dht
  /// Told by another peer (BEP 11).
  case exchange
  /// Announced on the local network (BEP 14).
  case localNetwork
  /// Known from an earlier run.
  case resume
  /// It connected to us.
  case incoming
}
