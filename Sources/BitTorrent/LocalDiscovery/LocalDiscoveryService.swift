internal import Logging
internal import Metainfo
internal import NIOCore

/// The sockets and the time of a session's discovery on the local network.
///
/// One socket of each kind hears the group, on the port that all programs share; another sends,
/// from the address at which peers reach us. It is confined to the session's event loop.
final class LocalDiscoveryService {
  private struct Sockets {
    var hearing: any Channel
    var sending: any Channel
    var devices: [NIONetworkDevice]
  }

  private let listening: PeerAddress
  private let wanted: PeerAddress
  private let eventLoop: any EventLoop
  private let logger: Logger
  private let found: (SHA1Hash, PeerAddress) -> Void
  private var discovery: LocalDiscovery
  private var sockets: [PeerAddress.Family: Sockets] = [:]
  private var ticks: RepeatedTask?

  private static let maximumDevices = 16
  // Beyond the first router, as the groups are of a site.
  private static let hops: UInt8 = 4

  /// Discovery for a session that was to listen at `wanted`, and does so at `listening`.
  init(
    listening: PeerAddress, wanted: PeerAddress, eventLoop: any EventLoop, logger: Logger,
    found: @escaping (SHA1Hash, PeerAddress) -> Void
  ) {
    self.listening = listening
    self.wanted = wanted
    self.eventLoop = eventLoop
    self.logger = logger
    self.found = found
    var random = SystemRandomNumberGenerator()
    discovery = LocalDiscovery(port: listening.port, random: &random, at: .now())
  }

  /// Opens the sockets and begins; where there is no multicast it says so and stays silent.
  func start() -> EventLoopFuture<Void> {
    let all = (try? System.enumerateDevices()) ?? []
    let opening = DatagramSocket.addresses(beside: listening, wanted: wanted).map { address in
      open(address, devices: Array(all.filter { suits($0, address) }.prefix(Self.maximumDevices)))
    }
    return EventLoopFuture.andAllComplete(opening, on: eventLoop).assumeIsolated()
      .map { self.begin() }.nonisolated()
  }

  private func suits(_ device: NIONetworkDevice, _ address: PeerAddress) -> Bool {
    guard let own = device.address.flatMap({ PeerAddress($0) }), own.family == address.family else {
      return false
    }
    if address.isUnspecified { return device.multicastSupported && !own.isLoopback }
    return own.host == address.host || own.isLoopback && address.isLoopback
  }

  private func open(_ address: PeerAddress, devices: [NIONetworkDevice]) -> EventLoopFuture<Void> {
    guard !devices.isEmpty else { return eventLoop.makeSucceededVoidFuture() }
    let family = address.family
    var everywhere = PeerAddress(ipv4: 0, port: LocalDiscovery.group(family).port)
    if family == .ipv6 { everywhere = PeerAddress(high: 0, low: 0, port: everywhere.port) }
    var source = address
    source.port = 0
    let hearing = DatagramSocket.open(everywhere, on: eventLoop, sharesPort: true) {
      [weak self] datagram, sender in self?.receive(datagram, from: sender)
    }
    let sending = DatagramSocket.open(source, on: eventLoop) { _, _ in }
    return hearing.and(sending).assumeIsolated().map { hearing, sending in
      self.join(hearing, sending, family, devices)
    }.flatMapErrorThrowing { [logger] error in
      logger.info(
        "no search on the local network: no socket for it",
        metadata: ["address": "\(address)", "error": "\(error)"])
    }.nonisolated()
  }

  private func join(
    _ hearing: any Channel, _ sending: any Channel, _ family: PeerAddress.Family,
    _ devices: [NIONetworkDevice]
  ) {
    guard let membership = hearing as? any SocketOptionProvider,
      let options = sending as? any SocketOptionProvider
    else { return }
    for device in devices {
      join(LocalDiscovery.group(family), membership, device).whenFailure { [logger] error in
        logger.info(
          "no search on the local network: multicast is refused",
          metadata: ["device": "\(device.name)", "error": "\(error)"])
      }
    }
    let hops: EventLoopFuture<Void> =
      family == .ipv4
      ? options.setIPMulticastTTL(Self.hops) : options.setIPv6MulticastHops(CInt(Self.hops))
    hops.whenFailure { [logger] error in
      logger.debug("multicast keeps its reach", metadata: ["error": "\(error)"])
    }
    sockets[family] = Sockets(hearing: hearing, sending: sending, devices: devices)
  }

  // NIO's own way refuses the loopback device, which does not say that it takes multicast, but does.
  private func join(
    _ group: PeerAddress, _ options: any SocketOptionProvider, _ device: NIONetworkDevice
  ) -> EventLoopFuture<Void> {
    // The C structures: the group, then an address of the device (IPv4) or its number (IPv6).
    guard let ipv4 = group.ipv4 else {
      return options.unsafeSetSocketOption(
        level: .ipv6, name: .ipv6_join_group,
        value: (
          group.high.bigEndian, group.low.bigEndian,
          UInt32(truncatingIfNeeded: device.interfaceIndex)
        ))
    }
    let own = device.address.flatMap { PeerAddress($0)?.ipv4 } ?? 0
    return options.unsafeSetSocketOption(
      level: .ip, name: .ip_add_membership, value: (ipv4.bigEndian, own.bigEndian))
  }

  private func begin() {
    guard !sockets.isEmpty else { return }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ticks = eventLoop.scheduleRepeatedTask(
      initialDelay: .seconds(1), delay: .seconds(1)
    ) { _ in bound.value.tick() }
  }

  /// Closes the sockets.
  func stop() -> EventLoopFuture<Void> {
    ticks?.cancel()
    ticks = nil
    let closing = sockets.values.flatMap { [$0.hearing.close(), $0.sending.close()] }
    sockets = [:]
    return EventLoopFuture.andAllComplete(closing, on: eventLoop)
  }

  /// Announces a torrent.
  func add(_ infoHash: SHA1Hash) {
    discovery.add(infoHash, at: .now())
    // Whoever adds several torrents at once adds them before the loop goes on.
    eventLoop.assumeIsolated().execute { self.tick() }
  }

  /// Does not announce a torrent any more.
  func remove(_ infoHash: SHA1Hash) { discovery.remove(infoHash) }

  private func receive(_ datagram: [UInt8], from address: PeerAddress) {
    for (infoHash, peer) in discovery.receive(datagram, from: address, at: .now()) {
      found(infoHash, peer)
    }
  }

  private func tick() {
    let families = [PeerAddress.Family.ipv4, .ipv6].filter { sockets[$0] != nil }
    for (datagram, group) in discovery.tick(families, at: .now()) {
      guard let sockets = sockets[group.family], let target = try? group.socketAddress() else {
        continue
      }
      let envelope = AddressedEnvelope(
        remoteAddress: target, data: ByteBuffer(bytes: datagram))
      for device in sockets.devices {
        // The socket sends by one device at a time.
        select(device, sockets.sending, group.family)
        sockets.sending.writeAndFlush(envelope, promise: nil)
      }
    }
  }

  private func select(
    _ device: NIONetworkDevice, _ channel: any Channel, _ family: PeerAddress.Family
  ) {
    guard let options = channel as? any SocketOptionProvider else { return }
    switch family {
    case .ipv4:
      guard let ipv4 = device.address.flatMap({ PeerAddress($0)?.ipv4 }) else { return }
      _ = options.unsafeSetSocketOption(
        level: .ip, name: .ip_multicast_if, value: ipv4.bigEndian)
    case .ipv6:
      _ = options.setIPv6MulticastIF(CUnsignedInt(truncatingIfNeeded: device.interfaceIndex))
    }
  }
}
