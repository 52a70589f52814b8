package import BitTorrent

/// Which addresses a tracker may have, so that no torrent, and no tracker by a redirection, makes
/// us call services that only we can reach.
package struct HTTPTrackerRule: Sendable {
  private let isAllowedOnLoopback: Bool
  // The address that redirected last.
  private var previous: PeerAddress?

  /// The rule for a tracker that a torrent names, on loopback or not.
  package init(isAllowedOnLoopback: Bool) { self.isAllowedOnLoopback = isAllowedOnLoopback }

  /// Whoever was last allowed redirects.
  package mutating func redirected(from address: PeerAddress) { previous = address }

  /// Lets pass what may be called: on this host only `/announce` and its scrape, and on this host
  /// or a private network nothing to which another kind of host redirects.
  package func check(_ url: TrackerURL, at address: PeerAddress) throws(TrackerFailure) {
    if address.isLoopback {
      let isAllowed =
        previous == nil ? isAllowedOnLoopback : ["/announce", "/scrape"].contains(url.path)
      guard isAllowed else {
        throw .forbidden("on this host a tracker's path can only be /announce")
      }
    }
    if let previous, !address.isCredible(from: previous) {
      throw .forbidden("it redirects to a local address")
    }
  }
}
