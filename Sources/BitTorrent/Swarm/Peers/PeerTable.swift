/// A torrent's connected peers, found by their handle.
///
/// Handles only rise, so peers stand in order of their number, and one is found by bisection over
/// a few hundred integers: no hashing, no slot that outlives its connection.
struct PeerTable {
  private var numbers: [Int] = []
  private var peers: [Peer] = []

  /// How many there are.
  var count: Int { peers.count }

  /// The peer of that connection, if it is still one.
  subscript(handle: PeerHandle) -> Peer? {
    let index = lowerBound(handle.number)
    guard index < numbers.count, numbers[index] == handle.number else { return nil }
    return peers[index]
  }

  /// Adds a peer; one under the same handle is replaced.
  mutating func insert(_ peer: Peer) {
    let index = lowerBound(peer.handle.number)
    if index < numbers.count, numbers[index] == peer.handle.number {
      peers[index] = peer
    } else {
      numbers.insert(peer.handle.number, at: index)
      peers.insert(peer, at: index)
    }
  }

  /// Removes and returns the peer of that connection.
  mutating func remove(_ handle: PeerHandle) -> Peer? {
    let index = lowerBound(handle.number)
    guard index < numbers.count, numbers[index] == handle.number else { return nil }
    numbers.remove(at: index)
    return peers.remove(at: index)
  }

  private func lowerBound(_ number: Int) -> Int {
    var low = 0
    var high = numbers.count
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension PeerTable: RandomAccessCollection {
  var startIndex: Int { peers.startIndex }
  var endIndex: Int { peers.endIndex }
  subscript(position: Int) -> Peer { peers[position] }
}
