internal import NIOCore

/// The way to the nodes closest to a point: ever closer ones are asked for ever closer ones.
///
/// It ends when the eight closest that answer have answered. One who is slow to answer is waited
/// for, but does not hold the others up.
struct DHTLookup {
  /// What is looked for.
  enum Purpose {
    /// Nodes, to get to know them.
    case nodes
    /// Peers of a torrent; afterwards the closest nodes hear of us, where that is wanted.
    case peers(DHTAnnounce?)
  }

  private enum State { case unasked, asked, slow, answered, failed }

  private struct Candidate {
    var contact: DHTContact
    var distance: DHTID
    var state = State.unasked
    var token: [UInt8]?
  }

  /// How many answers make a result, and how many nodes keep an announce.
  static let width = 8
  /// How many questions are open at a time, where each is likely to be of use.
  static let parallelism = 4
  // On the way, most of what is asked at the same time turns out to have been a detour.
  private static let parallelismOnTheWay = 2
  private static let maximumCandidates = 128
  private static let maximumQueries = 128
  private static let candidatesPerNeighbourhood = 3

  let target: DHTID
  let purpose: Purpose
  /// How many questions were asked.
  private(set) var queryCount = 0
  /// How many were answered.
  private(set) var answerCount = 0
  /// How many peers were told.
  var peerCount = 0

  // Closest first.
  private var candidates: [Candidate] = []
  // Addresses to begin with whose ids are not known.
  private var entryPoints: [PeerAddress] = []
  private var entriesAsked: Set<PeerAddress> = []
  // Whether the last answer named nobody who came among the closest: then these are the closest.
  private var hasArrived = false
  private var hasCloser = false
  private var slowCount = 0

  /// A look-up that begins at the given nodes, or where there are few, at the entry points as well.
  init(
    _ target: DHTID, _ purpose: Purpose, from contacts: [DHTContact],
    entryPoints: [PeerAddress]
  ) {
    self.target = target
    self.purpose = purpose
    for contact in contacts { add(contact) }
    hasCloser = false
    if contacts.count < Self.parallelism { self.entryPoints = entryPoints.reversed() }
  }

  /// Adds a node that somebody spoke of.
  mutating func add(_ contact: DHTContact) {
    let distance = contact.id.distance(to: target)
    if candidates.count >= Self.maximumCandidates {
      guard let last = candidates.last, distance < last.distance else { return }
    }
    // One who made up many nodes has few addresses for them.
    let address = contact.address
    var neighbours = 0
    for known in candidates {
      if known.contact.id == contact.id || known.contact.address == address { return }
      guard !address.isLocal else { continue }
      if known.contact.address.host == address.host { return }
      if known.contact.address.neighbourhood == address.neighbourhood { neighbours += 1 }
    }
    guard neighbours < Self.candidatesPerNeighbourhood else { return }
    if candidates.count >= Self.maximumCandidates, candidates.last?.state == .unasked {
      candidates.removeLast()
    }
    let place = candidates.firstIndex { distance < $0.distance } ?? candidates.endIndex
    let closer = candidates[..<place].count { $0.state != .failed }
    if closer < Self.width { hasCloser = true }
    candidates.insert(Candidate(contact: contact, distance: distance), at: place)
  }

  // MARK: - Questions

  /// Whom to ask next, if anyone now; the id is nil where it is not known.
  ///
  /// Who is given counts as asked.
  mutating func next() -> (address: PeerAddress, id: DHTID?)? {
    guard queryCount < Self.maximumQueries else { return nil }
    // Where some are slow, more are asked in their stead.
    let limit =
      hasArrived ? Self.parallelism : min(Self.parallelismOnTheWay + slowCount, Self.parallelism)
    var (open, answered) = (entriesAsked.count, 0)
    for index in candidates.indices where open < limit && answered < Self.width {
      switch candidates[index].state {
      case .answered: answered += 1
      case .asked: open += 1
      case .slow, .failed: break
      case .unasked:
        candidates[index].state = .asked
        queryCount += 1
        return (candidates[index].contact.address, candidates[index].contact.id)
      }
    }
    guard open < limit, answered < Self.width, let entry = entryPoints.popLast() else {
      return nil
    }
    entriesAsked.insert(entry)
    queryCount += 1
    return (entry, nil)
  }

  /// Whether nothing more is to be asked or waited for.
  var isOver: Bool {
    var answered = 0
    var (isOpen, isSlow) = (!entriesAsked.isEmpty, false)
    for candidate in candidates where answered < Self.width {
      switch candidate.state {
      case .answered: answered += 1
      case .asked: isOpen = true
      case .slow: isSlow = true
      case .unasked: isOpen = isOpen || queryCount < Self.maximumQueries
      case .failed: break
      }
    }
    // With a whole result nobody waits for the slow ones.
    if answered >= Self.width { return !isOpen }
    return !isOpen && !isSlow && (entryPoints.isEmpty || queryCount >= Self.maximumQueries)
  }

  /// Takes back that a node counts as asked, as it could not be asked.
  mutating func unask(_ address: PeerAddress) {
    queryCount -= 1
    if entriesAsked.remove(address) != nil { return entryPoints.append(address) }
    update(address) { $0.state = .unasked }
  }

  // MARK: - Answers

  /// Hears an answer.
  ///
  /// One under another id than the node is known by is none, as far as the look-up goes.
  mutating func answered(_ contact: DHTContact, token: [UInt8]?) {
    if entriesAsked.remove(contact.address) != nil { add(contact) }
    hasArrived = !hasCloser
    hasCloser = false
    guard let place = candidates.firstIndex(where: { $0.contact.address == contact.address }) else {
      return
    }
    guard candidates[place].contact.id == contact.id else {
      candidates[place].state = .failed
      return
    }
    answerCount += 1
    candidates[place].state = .answered
    candidates[place].token = token
  }

  /// Hears that a node has not answered yet, but may.
  mutating func isSlow(_ address: PeerAddress) {
    slowCount += 1
    if entriesAsked.remove(address) != nil { return }
    update(address) { if $0.state == .asked { $0.state = .slow } }
  }

  /// Hears that a node will not answer.
  mutating func failed(_ address: PeerAddress) {
    if entriesAsked.remove(address) != nil { return }
    update(address) { $0.state = .failed }
  }

  private mutating func update(_ address: PeerAddress, _ change: (inout Candidate) -> Void) {
    guard let place = candidates.firstIndex(where: { $0.contact.address == address }) else {
      return
    }
    change(&candidates[place])
  }

  // MARK: - Result

  /// The closest nodes that answered, with what each wants to be shown by an announce.
  var result: [(contact: DHTContact, token: [UInt8]?)] {
    candidates.lazy.filter { $0.state == .answered }.prefix(Self.width)
      .map { ($0.contact, $0.token) }
  }
}
