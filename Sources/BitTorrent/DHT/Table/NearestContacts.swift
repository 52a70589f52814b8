/// The few contacts closest to a point, out of many that are shown to it.
struct NearestContacts {
  private let target: DHTID
  private let limit: Int
  private var sorted: [(distance: DHTID, contact: DHTContact)] = []

  init(to target: DHTID, limit: Int) {
    self.target = target
    self.limit = limit
    sorted.reserveCapacity(limit + 1)
  }

  /// Whether there are as many as wanted.
  var isFull: Bool { sorted.count >= limit }

  /// The closest, in order.
  var contacts: [DHTContact] { sorted.map(\.contact) }

  /// Shows it a bucket's nodes; those that last failed to answer do not count.
  mutating func add(_ nodes: [RoutingTable.Node]) {
    for node in nodes where node.failures == 0 {
      let distance = node.contact.id.distance(to: target)
      if isFull {
        guard let last = sorted.last, distance < last.distance else { continue }
        sorted.removeLast()
      }
      let place = sorted.firstIndex { distance < $0.distance } ?? sorted.endIndex
      sorted.insert((distance, node.contact), at: place)
    }
  }
}
