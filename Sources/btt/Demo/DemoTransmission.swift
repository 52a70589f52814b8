internal import BitTorrent
internal import Foundation
internal import JSON
internal import Metainfo
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Transmission's daemon as one of the demo's leechers.
final class DemoTransmission: Sendable {
  /// Where it listens for peers.
  let address: PeerAddress
  private let target: String
  private let length: Int
  private let process: BoundProcess
  private let finished = Mutex<Duration?>(nil)

  private init(address: PeerAddress, target: String, length: Int, process: BoundProcess) {
    self.address = address
    self.target = target
    self.length = length
    self.process = process
  }

  /// Starts it with the torrent in a folder.
  static func start(
    _ metainfo: Metainfo, in folder: String, uploadLimit: Int
  ) async throws -> DemoTransmission {
    guard let program = find("transmission-daemon") else {
      throw CommandFailure(
        .notFound, "there is no transmission-daemon in PATH",
        next: "install the package transmission-daemon, or leave --with away")
    }
    let home = folder + ".home"
    let watched = folder + ".watched"
    try Files.createDirectory(home)
    try Files.createDirectory(watched)
    let port = try await freePort()
    let settings: JSONObject = [
      "bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1", "peer-port": JSONValue(port),
      "peer-port-random-on-start": false, "rpc-enabled": false, "dht-enabled": false,
      "lpd-enabled": false, "pex-enabled": false, "utp-enabled": false,
      "port-forwarding-enabled": false, "encryption": 0, "preallocation": 0,
      "download-dir": .string(folder), "download-queue-enabled": false,
      "seed-queue-enabled": false, "rename-partial-files": true, "message-level": 1,
      "speed-limit-up": JSONValue(uploadLimit / 1_000), "speed-limit-up-enabled": true,
      "watch-dir": .string(watched), "watch-dir-enabled": true,
    ]
    try Files.create(home + "/settings.json", JSONValue.object(settings).serialized)
    // Before version 4 it reads the first format alone.
    try Files.create(watched + "/demo.torrent", metainfo.encoded)
    let process = try BoundProcess(
      program, ["--foreground", "--config-dir", home, "--logfile", home + "/log"])
    return DemoTransmission(
      address: PeerAddress(ipv4: 0x7f00_0001, port: port),
      target: folder + "/" + metainfo.info.name,
      length: metainfo.info.files.reduce(0) { $0 + Int($1.length) }, process: process)
  }

  /// When it had all.
  var completeAfter: Duration? { finished.withLock { $0 } }

  /// How much of the file is there, by the room that it takes.
  var percent: Double {
    if completeAfter != nil { return 100 }
    var status = stat()
    guard stat(target + ".part", &status) == 0, length > 0 else { return 0 }
    return min(Double(status.st_blocks) * 512 * 100 / Double(length), 99)
  }

  /// Returns once its file has its final name.
  func complete(since start: ContinuousClock.Instant) async throws {
    while !FileManager.default.fileExists(atPath: target) {
      guard process.isRunning else {
        throw CommandFailure(.failed, "transmission-daemon ended before it had all")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    finished.withLock { $0 = .now - start }
  }

  /// Ends it.
  func stop() async { await process.stop() }

  private static func find(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// A port that nobody listens on now.
  private static func freePort() async throws -> UInt16 {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) }
    try await channel.close()
    guard let port else { throw CommandFailure(.listen, "no port of 127.0.0.1 can be had") }
    return port
  }
}
