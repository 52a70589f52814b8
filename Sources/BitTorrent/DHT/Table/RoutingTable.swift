internal import NIOCore

/// The nodes that a node knows, in buckets by how many bits their ids have in common with its own.
///
/// A node enters when it has answered, never because others speak of it. The buckets of far ids are
/// larger than the usual eight, so that a look-up begins closer to its end. A host has one node in
/// the table, and a network few in a bucket; local addresses are all alike, and may have many.
struct RoutingTable {
  /// What a full bucket, or a node that fails, is replaced from.
  private struct Bucket {
    var nodes: [Node] = []
    // Known, not in use; the newest last. Those who have not answered wait to be asked.
    var spares: [Spare] = []
  }

  struct Node {
    var contact: DHTContact
    var isVerified: Bool
    var lastHeard: NIODeadline
    var lastAsked: NIODeadline
    // Questions in a row that were not answered.
    var failures = 0

    /// Not heard of for so long that it may be gone.
    func isQuestionable(at now: NIODeadline) -> Bool {
      failures > 0 || now - lastHeard > RoutingTable.freshness
    }
    var isBad: Bool { failures >= RoutingTable.maximumFailures }
  }

  private struct Spare {
    var contact: DHTContact
    var hasAnswered: Bool
    var isAsked = false
  }

  /// How long a node counts as good after it was heard.
  static let freshness = TimeAmount.minutes(15)
  /// How many questions in a row a node may leave unanswered.
  static let maximumFailures = 2
  private static let sparesPerBucket = 8
  private static let nodesPerNeighbourhood = 2

  /// The id in whose eyes the table is.
  let own: DHTID
  private(set) var count = 0
  private var buckets: [Bucket] = []
  // The hosts in the table that count as one, with their nodes.
  private var hosts: [PeerAddress: DHTID] = [:]

  /// A table without nodes.
  init(around own: DHTID) { self.own = own }

  /// How many nodes a bucket may have.
  static func capacity(ofBucket index: Int) -> Int { index < 4 ? 128 >> index : 8 }

  // MARK: - What is in it

  /// The nodes that answer, closest to `target` first.
  func closest(to target: DHTID, count: Int) -> [DHTContact] {
    // Buckets lie at distances of their own: the target's first, then all that are deeper, then
    // each one that is less deep.
    let shared = min(own.commonBits(with: target), DHTID.bitCount - 1)
    var result = NearestContacts(to: target, limit: count)
    if shared < buckets.count { result.add(buckets[shared].nodes) }
    if !result.isFull, shared + 1 < buckets.count {
      for bucket in buckets[(shared + 1)...] { result.add(bucket.nodes) }
    }
    var index = min(shared, buckets.count)
    while !result.isFull, index > 0 {
      index -= 1
      result.add(buckets[index].nodes)
    }
    return result.contacts
  }

  /// All nodes, those that have most in common with the own id last.
  var all: [DHTContact] { buckets.flatMap { $0.nodes.map(\.contact) } }

  /// How many nodes are good at this time.
  func goodCount(at now: NIODeadline) -> Int {
    buckets.reduce(0) { $0 + $1.nodes.count { !$0.isQuestionable(at: now) } }
  }

  // MARK: - What is heard of nodes

  /// Hears that a node has answered.
  mutating func answered(_ contact: DHTContact, at now: NIODeadline) {
    guard contact.id != own else { return }
    let index = bucketIndex(of: contact.id)
    if let place = buckets[index].nodes.firstIndex(where: { $0.contact.id == contact.id }) {
      // Nobody takes a node's place by showing its id.
      guard buckets[index].nodes[place].contact.address == contact.address else {
        guard buckets[index].nodes[place].isBad else { return }
        remove(place, ofBucket: index)
        return insert(contact, at: now)
      }
      buckets[index].nodes[place].lastHeard = now
      buckets[index].nodes[place].failures = 0
      return
    }
    insert(contact, at: now)
  }

  /// Hears that a node asked: it may be worth asking, and one that is known is there.
  ///
  /// - Returns: Whether it should be asked now, to see whether it can be of use.
  mutating func asked(_ contact: DHTContact, at now: NIODeadline) -> Bool {
    guard contact.id != own else { return false }
    let index = bucketIndex(of: contact.id)
    if let place = buckets[index].nodes.firstIndex(where: { $0.contact.id == contact.id }) {
      // Who has answered once and asks now is good.
      if buckets[index].nodes[place].contact == contact, buckets[index].nodes[place].failures == 0 {
        buckets[index].nodes[place].lastHeard = now
      }
      return false
    }
    return heardOf(contact)
  }

  /// Hears from others of a node.
  ///
  /// - Returns: Whether it should be asked, since there is room for it.
  @discardableResult
  mutating func heardOf(_ contact: DHTContact) -> Bool {
    guard contact.id != own else { return false }
    let index = bucketIndex(of: contact.id)
    guard !buckets[index].nodes.contains(where: { $0.contact.id == contact.id }),
      !buckets[index].spares.contains(where: { $0.contact.address == contact.address }),
      !isCrowded(contact, inBucket: index)
    else { return false }
    // What others speak of must not push out who has answered.
    guard buckets[index].spares.count < Self.sparesPerBucket else { return false }
    buckets[index].spares.append(Spare(contact: contact, hasAnswered: false))
    return buckets[index].nodes.count < Self.capacity(ofBucket: index)
  }

  /// Hears that a node did not answer.
  mutating func failed(_ contact: DHTContact, at now: NIODeadline) {
    guard let index = existingBucket(of: contact.id) else { return }
    buckets[index].spares.removeAll { $0.contact.address == contact.address }
    guard let place = buckets[index].nodes.firstIndex(where: { $0.contact == contact }) else {
      return
    }
    buckets[index].nodes[place].failures += 1
    guard buckets[index].nodes[place].isBad else { return }
    // It stays while nobody can take its place: what is bad may come back with the network.
    guard let spare = buckets[index].spares.lastIndex(where: { $0.hasAnswered }) else { return }
    remove(place, ofBucket: index)
    insert(buckets[index].spares.remove(at: spare).contact, at: now)
  }

  // MARK: - What should be asked

  /// The node that most needs to be asked whether it is there, if any, and its bucket.
  ///
  /// It counts as asked from now on.
  mutating func nextToCheck(at now: NIODeadline) -> (contact: DHTContact, bucket: Int)? {
    // Deep buckets are small and rare: they come first.
    for index in buckets.indices.reversed() {
      let hasRoom =
        buckets[index].nodes.count < Self.capacity(ofBucket: index)
        || buckets[index].nodes.contains(where: \.isBad)
      guard hasRoom, let spare = buckets[index].spares.lastIndex(where: { !$0.isAsked }) else {
        continue
      }
      buckets[index].spares[spare].isAsked = true
      return (buckets[index].spares[spare].contact, index)
    }
    var oldest: (bucket: Int, place: Int, time: NIODeadline)?
    for index in buckets.indices {
      for (place, node) in buckets[index].nodes.enumerated()
      where node.isQuestionable(at: now) && now - node.lastAsked > .minutes(1) {
        guard node.lastAsked < oldest?.time ?? .distantFuture else { continue }
        oldest = (index, place, node.lastAsked)
      }
    }
    guard let oldest else { return nil }
    buckets[oldest.bucket].nodes[oldest.place].lastAsked = now
    return (buckets[oldest.bucket].nodes[oldest.place].contact, oldest.bucket)
  }

  // MARK: - Places

  private mutating func bucketIndex(of id: DHTID) -> Int {
    let index = min(own.commonBits(with: id), DHTID.bitCount - 1)
    while buckets.count <= index { buckets.append(Bucket()) }
    return index
  }

  private func existingBucket(of id: DHTID) -> Int? {
    let index = own.commonBits(with: id)
    return index < buckets.count ? index : nil
  }

  // Whether the host, or its network, has its share already.
  private func isCrowded(_ contact: DHTContact, inBucket index: Int) -> Bool {
    let address = contact.address
    guard !address.isLocal else { return false }
    if hosts[address.host] != nil { return true }
    let neighbours = buckets[index].nodes.count {
      $0.contact.address.neighbourhood == address.neighbourhood
    }
    return neighbours >= Self.nodesPerNeighbourhood
  }

  private mutating func insert(_ contact: DHTContact, at now: NIODeadline) {
    let index = bucketIndex(of: contact.id)
    buckets[index].spares.removeAll { $0.contact.address == contact.address }
    leaveOldPlace(of: contact)
    guard !isCrowded(contact, inBucket: index) else { return }
    let node = Node(
      contact: contact, isVerified: contact.isVerified, lastHeard: now, lastAsked: now)
    if buckets[index].nodes.count >= Self.capacity(ofBucket: index) {
      guard let place = replaceable(by: node, inBucket: index) else {
        if buckets[index].spares.count >= Self.sparesPerBucket {
          buckets[index].spares.removeFirst()
        }
        return buckets[index].spares.append(Spare(contact: contact, hasAnswered: true))
      }
      remove(place, ofBucket: index)
    }
    buckets[index].nodes.append(node)
    if !contact.address.isLocal { hosts[contact.address.host] = contact.id }
    count += 1
  }

  // A node that shows a new id, as after a restart, is not at its old place any more.
  private mutating func leaveOldPlace(of contact: DHTContact) {
    guard let id = hosts[contact.address.host], let index = existingBucket(of: id),
      let place = buckets[index].nodes.firstIndex(where: { $0.contact.id == id })
    else { return }
    let old = buckets[index].nodes[place]
    if old.contact.address == contact.address || old.isBad { remove(place, ofBucket: index) }
  }

  // The place of one that is bad, or whose id its address does not allow.
  private func replaceable(by node: Node, inBucket index: Int) -> Int? {
    let nodes = buckets[index].nodes
    if let bad = nodes.firstIndex(where: \.isBad) { return bad }
    return node.isVerified ? nodes.firstIndex { !$0.isVerified } : nil
  }

  private mutating func remove(_ place: Int, ofBucket index: Int) {
    let contact = buckets[index].nodes.remove(at: place).contact
    if hosts[contact.address.host] == contact.id { hosts[contact.address.host] = nil }
    count -= 1
  }
}
