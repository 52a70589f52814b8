/// Finds out at which address a node is seen, from what others who answer say (BEP 42).
struct ExternalAddressVote {
  /// How many networks must say the same.
  static let quorum = 5
  private static let maximumCandidates = 16
  private static let maximumVoters = 64

  private var voters: [PeerAddress: Set<PeerAddress>] = [:]
  private var hasVoted: Set<PeerAddress> = []

  /// Counts what a host says that our address is.
  ///
  /// - Returns: The address, without port, once enough networks and most of all agree on it.
  mutating func vote(_ address: PeerAddress, from voter: PeerAddress) -> PeerAddress? {
    let (candidate, network) = (address.host, voter.neighbourhood)
    // One network says one thing, and local ones cannot know.
    guard !voter.isLocal, !candidate.isLocal, !candidate.isUnspecified, !candidate.isMulticast,
      candidate.family == voter.family, hasVoted.insert(network).inserted
    else { return nil }
    if voters[candidate] != nil || voters.count < Self.maximumCandidates {
      voters[candidate, default: []].insert(network)
    }
    defer { if hasVoted.count >= Self.maximumVoters { self = ExternalAddressVote() } }
    guard let votes = voters[candidate]?.count, votes >= Self.quorum,
      votes * 2 > hasVoted.count
    else { return nil }
    self = ExternalAddressVote()
    return candidate
  }
}
