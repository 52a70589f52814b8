public import BitTorrent
public import Metainfo

/// Carries announces and scrapes to trackers over HTTP and HTTPS (BEP 3, 7, 48).
///
/// It holds nothing between questions: each has a connection of its own, which ends with it.
public final class HTTPTrackerTransport: TrackerTransport {
  /// From where trackers are asked, and what bounds a question.
  public struct Configuration: Sendable {
    /// At most one address of each version of the Internet Protocol, from which trackers are asked;
    /// unspecified ones leave the choice to the system, and so does having none.
    public var sources: [PeerAddress] = []
    /// What the client calls itself.
    public var userAgent = "btt"
    /// How long a question may take in all.
    public var timeout = Duration.seconds(30)
    /// How long connecting may take.
    public var connectTimeout = Duration.seconds(10)
    /// How many bytes an answer may have, also after decompression.
    public var maximumAnswer = 1 << 20
    /// How many redirections are followed.
    public var maximumRedirects = 5

    /// The defaults.
    public init() {}
  }

  let configuration: Configuration

  /// A transport within the given bounds.
  public init(_ configuration: Configuration = Configuration()) {
    self.configuration = configuration
  }

  /// Announces; to a tracker with addresses of both versions, from both of ours.
  public func announce(
    _ announce: TrackerAnnounce, to tracker: TrackerURL
  ) async throws(TrackerFailure) -> TrackerAnswer {
    let target = HTTPTrackerQuery.target(of: announce, to: tracker)
    return TrackerAnswer(
      merging: try await ask(tracker.asking(for: target), for: tracker) {
        page throws(TrackerFailure) in
        try HTTPTrackerAnswer.announce(page.body, from: page.source)
      })
  }

  /// Scrapes; over one version of the Internet Protocol, if there are two.
  public func scrape(
    _ infoHashes: [SHA1Hash], at tracker: TrackerURL
  ) async throws(TrackerFailure) -> [SHA1Hash: TrackerCounts] {
    guard let target = HTTPTrackerQuery.target(ofScrape: infoHashes, at: tracker) else {
      throw .unsupported
    }
    return try await ask(tracker.asking(for: target), for: tracker) { page throws(TrackerFailure) in
      try HTTPTrackerAnswer.scrape(page.body, of: infoHashes)
    }.first ?? [:]
  }

  // What is read from the page at `url`, over each version of the Internet Protocol by which the
  // tracker answers.
  private func ask<Answer: Sendable>(
    _ url: TrackerURL, for tracker: TrackerURL,
    reading: @escaping @Sendable (HTTPTrackerFetch.Page) throws(TrackerFailure) -> Answer
  ) async throws(TrackerFailure) -> [Answer] {
    guard tracker.scheme != .udp else { throw .unsupported }
    let fetches = routes.map { HTTPTrackerFetch(configuration: configuration, route: $0) }
    let results = await withTaskGroup { group in
      for fetch in fetches {
        group.addTask {
          await fetch.page(at: url, isAllowedOnLoopback: tracker.isAllowedOnLoopback)
            .flatMap { page in Result { () throws(TrackerFailure) in try reading(page) } }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let answers = results.compactMap { try? $0.get() }
    guard answers.isEmpty else { return answers }
    let failures = results.compactMap { result in
      if case .failure(let failure) = result { failure } else { nil }
    }
    // That a host has no address of one kind says less than what came of the other.
    throw failures.first { $0 != HTTPTrackerFetch.noAddress } ?? HTTPTrackerFetch.noAddress
  }

  private var routes: [HTTPTrackerFetch.Route] {
    if configuration.sources.isEmpty {
      return [.init(family: .ipv4, source: nil), .init(family: .ipv6, source: nil)]
    }
    return configuration.sources.map {
      .init(family: $0.family, source: $0.isUnspecified ? nil : $0)
    }
  }
}
