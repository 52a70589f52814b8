package import NIOCore
internal import NIOPosix

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Finds the addresses of hosts by the system's resolver, on a thread of its own.
package enum HostResolver {
  /// How many addresses of one host are looked at.
  private static let maximumAddresses = 32

  /// The addresses of a host, given by name or address, in the system's order of preference.
  ///
  /// It ends at once when its task is cancelled; the system's look-up then ends by itself.
  package static func addresses(
    of host: String, port: UInt16
  ) async throws(TrackerFailure) -> [PeerAddress] {
    if let address = PeerAddress(ip: host, port: port) { return [address] }
    do {
      return try await NIOThreadPool.singleton.runIfActive(
        eventLoop: MultiThreadedEventLoopGroup.singleton.any()
      ) {
        try lookUp(host, port: port).get()
      }.cancellableGet()
    } catch let failure as TrackerFailure {
      throw failure
    } catch {
      throw .cancelled
    }
  }

  private static func lookUp(
    _ host: String, port: UInt16
  ) -> Result<[PeerAddress], TrackerFailure> {
    var hints = addrinfo()
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &first)
    guard status == 0 else {
      return .failure(.unreachable("no address for the host's name"))
    }
    defer { freeaddrinfo(first) }
    var addresses: [PeerAddress] = []
    var next = first
    while let info = next?.pointee, addresses.count < maximumAddresses {
      next = info.ai_next
      guard let raw = info.ai_addr else { continue }
      let bytes = UnsafeRawBufferPointer(start: raw, count: Int(info.ai_addrlen))
      if let address = address(bytes, info.ai_family, port: port),
        !addresses.contains(address)
      {
        addresses.append(address)
      }
    }
    return .success(addresses)
  }

  private static func address(
    _ bytes: UnsafeRawBufferPointer, _ family: Int32, port: UInt16
  ) -> PeerAddress? {
    // As in a socket's address: at 4 an IPv4, at 8 an IPv6 address.
    let run: (offset: Int, family: PeerAddress.Family)
    switch family {
    case AF_INET: run = (4, .ipv4)
    case AF_INET6: run = (8, .ipv6)
    default: return nil
    }
    let end = run.offset + run.family.addressLength
    guard bytes.count >= end else { return nil }
    let compact = bytes[run.offset..<end] + [UInt8(port >> 8), UInt8(port & 0xff)]
    return PeerAddress.addresses(compact: compact, run.family).first
  }
}

extension EventLoopFuture where Value: Sendable {
  /// The future's value; or `CancellationError` as soon as the task is cancelled.
  package func cancellableGet() async throws -> Value {
    let promise = eventLoop.makePromise(of: Value.self)
    cascade(to: promise)
    return try await withTaskCancellationHandler {
      try await promise.futureResult.get()
    } onCancel: {
      promise.fail(CancellationError())
    }
  }
}
