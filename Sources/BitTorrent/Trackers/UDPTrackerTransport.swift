public import Metainfo
public import NIOCore
internal import NIOPosix

/// Carries announces and scrapes to UDP trackers.
///
/// It has one socket for each version of the Internet Protocol, opened at its first use. Whoever
/// makes one ends it with ``shutdown()``.
public final class UDPTrackerTransport: TrackerTransport {
  private let eventLoop: any EventLoop
  private let socket: NIOLoopBoundBox<UDPTrackerSocket>

  /// A transport on `eventLoop`, whose datagrams come from the given addresses.
  ///
  /// - Parameters:
  ///   - eventLoop: Where its sockets live.
  ///   - sources: At most one address of each version of the Internet Protocol, as those that peers
  ///     connect to; trackers of other versions are out of reach. Ports are the system's choice.
  public init(eventLoop: any EventLoop, sources: [PeerAddress]) {
    self.eventLoop = eventLoop
    socket = .makeBoxSendingValue(
      UDPTrackerSocket(eventLoop: eventLoop, sources: sources), eventLoop: eventLoop)
  }

  /// Announces; to a tracker with addresses of both versions, from both of ours.
  public func announce(
    _ announce: TrackerAnnounce, to tracker: TrackerURL
  ) async throws(TrackerFailure) -> TrackerAnswer {
    let replies = try await ask(.announce(announce, target: tracker.target), of: tracker)
    return TrackerAnswer(
      merging: replies.compactMap { reply in
        guard case .announce(let answer) = reply else { return nil }
        return answer
      })
  }

  /// Scrapes, at most 74 torrents at once.
  public func scrape(
    _ infoHashes: [SHA1Hash], at tracker: TrackerURL
  ) async throws(TrackerFailure) -> [SHA1Hash: TrackerCounts] {
    for case .scrape(let counts) in try await ask(.scrape(infoHashes), of: tracker) {
      return counts
    }
    throw .malformed
  }

  /// Closes the sockets; exchanges in progress are cancelled.
  public func shutdown() async {
    // It only fails when the loop is gone, and the sockets with it.
    try? await eventLoop.flatSubmit { [socket] in socket.value.shutdown() }.get()
  }

  private func ask(
    _ question: UDPTrackerSocket.Client.Question, of tracker: TrackerURL
  ) async throws(TrackerFailure) -> [UDPTrackerSocket.Client.Reply] {
    guard tracker.scheme == .udp else { throw .unsupported }
    var targets: [PeerAddress] = []
    for address in try await HostResolver.addresses(of: tracker.host, port: tracker.port)
    where address.isDialable && !targets.contains(where: { $0.family == address.family }) {
      targets.append(address)
    }
    let results = await withTaskGroup { group in
      for target in targets {
        group.addTask { await self.exchange(question, with: target) }
      }
      var results: [Result<UDPTrackerSocket.Client.Reply, TrackerFailure>] = []
      for await result in group { results.append(result) }
      return results
    }
    let replies = results.compactMap { try? $0.get() }
    guard replies.isEmpty else { return replies }
    guard case .failure(let failure) = results.first else {
      throw .unreachable("the host has no address")
    }
    throw failure
  }

  private func exchange(
    _ question: UDPTrackerSocket.Client.Question, with target: PeerAddress
  ) async -> Result<UDPTrackerSocket.Client.Reply, TrackerFailure> {
    let promise = eventLoop.makePromise(of: UDPTrackerSocket.Client.Reply.self)
    eventLoop.execute { [socket] in socket.value.ask(question, of: target, promise) }
    do {
      return .success(
        try await withTaskCancellationHandler {
          try await promise.futureResult.get()
        } onCancel: {
          promise.fail(TrackerFailure.cancelled)
        })
    } catch {
      return .failure(error as? TrackerFailure ?? .cancelled)
    }
  }
}
