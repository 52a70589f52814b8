public import Metainfo

/// What carries questions to trackers and answers back.
///
/// `UDPTrackerTransport` is one, `HTTPTrackerTransport` of the module TrackerHTTP another;
/// ``TrackerRouter`` makes one of both.
public protocol TrackerTransport: Sendable {
  /// Announces, and gives the answer; it ends in bounded time, and at once when its task is
  /// cancelled.
  func announce(
    _ announce: TrackerAnnounce, to tracker: TrackerURL
  ) async throws(TrackerFailure) -> TrackerAnswer

  /// Asks how many peers of torrents a tracker knows; those it does not know are absent.
  func scrape(
    _ infoHashes: [SHA1Hash], at tracker: TrackerURL
  ) async throws(TrackerFailure) -> [SHA1Hash: TrackerCounts]
}

/// A transport that gives each question to the one that speaks its scheme.
public struct TrackerRouter: TrackerTransport {
  private let http: (any TrackerTransport)?
  private let udp: (any TrackerTransport)?

  /// A router over the given transports; a scheme without one is `unsupported`.
  public init(http: (any TrackerTransport)?, udp: (any TrackerTransport)?) {
    self.http = http
    self.udp = udp
  }

  private func transport(
    for tracker: TrackerURL
  ) throws(TrackerFailure) -> any TrackerTransport {
    guard let transport = tracker.scheme == .udp ? udp : http else { throw .unsupported }
    return transport
  }

  /// Announces by the transport for the tracker's scheme.
  public func announce(
    _ announce: TrackerAnnounce, to tracker: TrackerURL
  ) async throws(TrackerFailure) -> TrackerAnswer {
    try await transport(for: tracker).announce(announce, to: tracker)
  }

  /// Scrapes by the transport for the tracker's scheme.
  public func scrape(
    _ infoHashes: [SHA1Hash], at tracker: TrackerURL
  ) async throws(TrackerFailure) -> [SHA1Hash: TrackerCounts] {
    try await transport(for: tracker).scrape(infoHashes, at: tracker)
  }
}
