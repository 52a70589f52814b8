package import Metainfo

/// Which of a session's torrents run: the first of the queue, as many as the limits allow.
///
/// It has no clock and no I/O. Torrents that nothing moves in do not use up a place, so that one
/// without peers does not hold up those behind it.
package struct TorrentQueue {
  /// How many torrents run at a time.
  package struct Limits: Equatable, Sendable {
    /// Downloads in which something moves; nil for no limit.
    package var downloads: Int? = 8
    /// Complete torrents in which something moves; nil for no limit.
    package var seeds: Int?
    /// Torrents that take up memory and files, whatever moves in them.
    package var all = 500

    /// The defaults.
    package init() {}
  }

  /// What the queue knows of a torrent.
  package struct Item: Equatable, Sendable {
    /// The user wants it to rest.
    package var isPaused = false
    /// The user wants it to run, whatever the limits.
    package var isForced = false
    /// All that is wanted of it is there.
    package var isComplete = false
    /// Nothing has moved in it for long.
    package var isIdle = false
    /// It takes up no memory: it is complete and waits for somebody to ask for it.
    package var isAsleep = false
    fileprivate(set) package var rank = 0

    /// A torrent that was just added.
    package init() {}
  }

  /// Where a torrent goes in the queue.
  package enum Move: String, CaseIterable, Sendable {
    /// Before all others.
    case top
    /// One place forward.
    case up
    /// One place back.
    case down
    /// Behind all others.
    case bottom
  }

  /// How many run.
  package var limits = Limits()
  /// The torrents, the first of the queue first.
  package private(set) var order: [SHA1Hash] = []
  private var items: [SHA1Hash: Item] = [:]

  /// An empty queue.
  package init() {}

  /// What is known of a torrent; it cannot be added this way.
  package subscript(id: SHA1Hash) -> Item? { items[id] }

  /// Changes what is known of a torrent.
  package mutating func update(_ id: SHA1Hash, _ body: (inout Item) -> Void) {
    guard var item = items[id] else { return }
    let rank = item.rank
    body(&item)
    item.rank = rank
    items[id] = item
  }

  /// Where a torrent stands, from 0.
  package func position(of id: SHA1Hash) -> Int? {
    guard let rank = items[id]?.rank else { return nil }
    let index = lowerBound(rank)
    return order.indices.contains(index) && order[index] == id ? index : nil
  }

  /// Adds a torrent at the end, or where it stood by its rank of an earlier session.
  package mutating func add(_ id: SHA1Hash, _ item: Item, rank: Int? = nil) {
    guard items[id] == nil else { return }
    var item = item
    item.rank = rank ?? (order.last.flatMap { items[$0]?.rank } ?? 0) + 1
    var index = lowerBound(item.rank)
    // Of two with the same rank, which only a damaged list has, the later one moves to the end.
    if order.indices.contains(index), items[order[index]]?.rank == item.rank {
      item.rank = (order.last.flatMap { items[$0]?.rank } ?? 0) + 1
      index = order.count
    }
    order.insert(id, at: index)
    items[id] = item
  }

  /// Removes a torrent.
  package mutating func remove(_ id: SHA1Hash) {
    guard let index = position(of: id) else { return }
    order.remove(at: index)
    items[id] = nil
  }

  /// Moves a torrent, and returns those whose rank changed by it.
  package mutating func move(_ id: SHA1Hash, _ move: Move) -> [SHA1Hash] {
    guard let index = position(of: id), let first = order.first, let last = order.last,
      let lowest = items[first]?.rank, let highest = items[last]?.rank
    else { return [] }
    switch move {
    case .top:
      guard index > 0 else { return [] }
      order.insert(order.remove(at: index), at: 0)
      items[id]?.rank = lowest - 1
      return [id]
    case .bottom:
      guard index < order.count - 1 else { return [] }
      order.append(order.remove(at: index))
      items[id]?.rank = highest + 1
      return [id]
    case .up, .down:
      let other = index + (move == .up ? -1 : 1)
      guard order.indices.contains(other) else { return [] }
      let neighbour = order[other]
      let ranks = (items[id]?.rank ?? 0, items[neighbour]?.rank ?? 0)
      items[id]?.rank = ranks.1
      items[neighbour]?.rank = ranks.0
      order.swapAt(index, other)
      return [id, neighbour]
    }
  }

  /// The torrents that are to run.
  ///
  /// - Complexity: O(torrents).
  package func admitted() -> Set<SHA1Hash> {
    var admitted: Set<SHA1Hash> = []
    var downloads = limits.downloads ?? .max
    var seeds = limits.seeds ?? .max
    var all = limits.all
    for id in order {
      guard let item = items[id], !item.isPaused else { continue }
      if item.isAsleep || item.isForced {
        admitted.insert(id)
        if !item.isAsleep { all -= 1 }
        continue
      }
      guard all > 0, item.isComplete ? seeds > 0 : downloads > 0 else { continue }
      admitted.insert(id)
      all -= 1
      guard !item.isIdle else { continue }
      if item.isComplete { seeds -= 1 } else { downloads -= 1 }
    }
    return admitted
  }

  private func lowerBound(_ rank: Int) -> Int {
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if (items[order[middle]]?.rank ?? 0) < rank { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
