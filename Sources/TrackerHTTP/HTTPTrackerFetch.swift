internal import AsyncHTTPClient
internal import BitTorrent
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression

/// Gets one page of a tracker, over one version of the Internet Protocol.
///
/// Each host's name is resolved here, its addresses are held against the rules, and the connection
/// goes to just the address that was looked at: a name that changes its address in between gains
/// nothing.
struct HTTPTrackerFetch: Sendable {
  /// By which way trackers are asked.
  struct Route: Sendable {
    var family: PeerAddress.Family
    var source: PeerAddress?
  }

  /// A page that came.
  struct Page: Sendable {
    var body: [UInt8]
    var source: PeerAddress
  }

  // How many addresses of a host are tried one after the other.
  private static let maximumAddresses = 3
  static let noAddress = TrackerFailure.unreachable("the host has no address that can be used")

  let configuration: HTTPTrackerTransport.Configuration
  let route: Route

  /// The page at `url`, or where that redirects to.
  func page(
    at url: TrackerURL, isAllowedOnLoopback: Bool
  ) async -> Result<Page, TrackerFailure> {
    await withTaskGroup(of: Result<Page, TrackerFailure>.self) { group in
      group.addTask {
        do throws(TrackerFailure) {
          return .success(try await self.follow(url, isAllowedOnLoopback: isAllowedOnLoopback))
        } catch {
          return .failure(error)
        }
      }
      group.addTask {
        // Cut short only when the other is done, or the whole question cancelled.
        try? await Task.sleep(for: configuration.timeout)
        return .failure(Task.isCancelled ? .cancelled : .timedOut)
      }
      let result = await group.next()
      group.cancelAll()
      return result ?? .failure(.cancelled)
    }
  }

  private func follow(
    _ start: TrackerURL, isAllowedOnLoopback: Bool
  ) async throws(TrackerFailure) -> Page {
    var url = start
    var rule = HTTPTrackerRule(isAllowedOnLoopback: isAllowedOnLoopback)
    for _ in 0...configuration.maximumRedirects {
      let addresses = try await HostResolver.addresses(of: url.host, port: url.port)
        .filter { $0.family == route.family && $0.isDialable }.prefix(Self.maximumAddresses)
      var failure = Self.noAddress
      var next: TrackerURL?
      for address in addresses {
        try rule.check(url, at: address)
        do throws(TrackerFailure) {
          switch try await request(url, at: address) {
          case .page(let page): return page
          case .redirect(let location):
            guard let target = url.redirected(to: location), target.scheme != .udp else {
              throw .forbidden("it redirects to where trackers cannot be")
            }
            next = target
          }
        } catch {
          guard case .unreachable = error else { throw error }
          failure = error
          continue
        }
        rule.redirected(from: address)
        break
      }
      guard let target = next else { throw failure }
      url = target
    }
    throw .tooManyRedirects
  }

  private enum Outcome {
    case page(Page)
    case redirect(String)
  }

  private func request(
    _ url: TrackerURL, at address: PeerAddress
  ) async throws(TrackerFailure) -> Outcome {
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: options(url, address))
    let result: Result<Outcome, TrackerFailure>
    do {
      result = .success(try await request(url, at: address, by: client))
    } catch {
      result = .failure(Self.failure(error))
    }
    // It fails only when it was done already.
    try? await client.shutdown()
    return try result.get()
  }

  private func options(_ url: TrackerURL, _ address: PeerAddress) -> HTTPClient.Configuration {
    var options = HTTPClient.Configuration()
    if url.host != address.ip { options.dnsOverride = [url.host: address.ip] }
    // Redirections are followed above, by our rules.
    options.redirectConfiguration = .disallow
    options.timeout.connect = TimeAmount(configuration.connectTimeout)
    options.connectionPool.retryConnectionEstablishment = false
    options.decompression = .enabled(limit: .size(configuration.maximumAnswer))
    options.httpVersion = .http1Only
    return options
  }

  private func request(
    _ url: TrackerURL, at address: PeerAddress, by client: HTTPClient
  ) async throws -> Outcome {
    var request = HTTPClientRequest(url: url.text)
    request.headers = [
      "User-Agent": configuration.userAgent, "Accept-Encoding": "gzip", "Connection": "close",
    ]
    request.localAddress = route.source?.ip
    let response = try await client.execute(request, timeout: TimeAmount(configuration.timeout))
    if let location = response.headers.first(name: "Location"),
      [301, 302, 303, 307, 308].contains(response.status.code)
    {
      return .redirect(location)
    }
    let body = try await response.body.collect(upTo: configuration.maximumAnswer)
    let page = Page(body: [UInt8](body.readableBytesView), source: address)
    guard response.status != .ok else { return .page(page) }
    // Some trackers give their reasons with a status that says no.
    if case .failure(.refused(let reason, let retry)) = Result(
      catching: { () throws(TrackerFailure) in
        try HTTPTrackerAnswer.announce(page.body, from: address)
      })
    {
      throw TrackerFailure.refused(reason, retry: retry)
    }
    throw TrackerFailure.status(Int(response.status.code))
  }

  // What went wrong, in words of ours: nothing that the other side wrote.
  private static func failure(_ error: any Error) -> TrackerFailure {
    switch error {
    case let failure as TrackerFailure: failure
    case is CancellationError: .cancelled
    case is NIOTooManyBytesError: .tooLarge
    case let error as NIOHTTPDecompression.DecompressionError:
      error == .limit ? .tooLarge : .malformed
    case is HTTPParserError, is NIOHTTPDecompression.ExtraDecompressionError: .malformed
    case let error as HTTPClientError:
      switch error {
      case .cancelled: .cancelled
      case .deadlineExceeded, .readTimeout: .timedOut
      case .connectTimeout: .unreachable("connecting took too long")
      case .remoteConnectionClosed: .unreachable("the connection ended before the answer")
      default: .unreachable("the connection failed")
      }
    default: .unreachable("the connection failed")
    }
  }
}
