internal import Foundation

/// A `btt node run` on a data directory.
final class NodeProcess {
  private let process = Process()
  let port: UInt16

  /// Starts the node and waits for the line that says where it listens.
  init(
    _ settings: Settings, directory: String, keyFile: String, arguments: [String] = []
  ) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: settings.program)
    process.arguments =
      [
        "node", "run", "--data-dir", directory, "--key-file", keyFile, "--rpc-port", "0",
        "--block-time", "on-demand", "--set", "log.level=error",
      ] + arguments
    process.standardOutput = output
    try process.run()
    var line = Data()
    while !line.contains(UInt8(ascii: "\n")) {
      let more = output.fileHandleForReading.availableData
      try require(!more.isEmpty, "the node on \(directory) ended before it listened")
      line += more
    }
    let digits = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isNewline)[0]
      .split(separator: ":").last.flatMap { UInt16($0) }
    guard let digits else { throw BenchError("the node does not say where it listens") }
    port = digits
  }

  deinit { kill() }

  /// As `kill -9` does.
  func kill() {
    guard process.isRunning else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// The memory the node has in MiB: all of it, and what of that are pages of the database's files,
  /// which the system takes back when others need memory.
  func residentMemory() throws -> (all: Double, files: Double) {
    let text = try String(
      contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    func value(_ name: String) -> Double {
      for line in text.split(separator: "\n") where line.hasPrefix(name) {
        return (Double(line.filter(\.isNumber)) ?? .nan) / 1_024
      }
      return .nan
    }
    return (value("VmRSS:"), value("RssFile:"))
  }
}

/// One keep-alive connection to a server on this machine, used by one thread.
final class HTTPConnection {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    var on: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    try require(connected == 0, "cannot connect to port \(port)")
  }

  deinit { close(descriptor) }

  /// Posts a JSON body, with the administrator's token if given, and gives the reply's.
  func post(_ body: String, token: String? = nil) throws -> String {
    let request =
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      + (token.map { "Authorization: Bearer \($0)\r\n" } ?? "")
      + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    var rest = Array(request.utf8)[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      try require(sent > 0, "cannot send a request")
      rest = rest.dropFirst(sent)
    }
    var reply: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var end: Int?
    while end == nil || reply.count < end ?? 0 {
      let count = read(descriptor, &buffer, buffer.count)
      try require(count > 0, "the server closed the connection")
      reply += buffer[..<count]
      guard end == nil, let head = Self.headEnd(reply) else { continue }
      let lines = String(decoding: reply[..<head], as: UTF8.self).lowercased()
      guard let length = lines.firstMatch(of: /content-length: *(\d+)/).flatMap({ Int($0.1) })
      else { throw BenchError("a reply without a length") }
      end = head + length
      bodyStart = head
    }
    return String(decoding: reply[bodyStart...], as: UTF8.self)
  }

  private var bodyStart = 0

  private static func headEnd(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 0...(bytes.count - 4) where bytes[index..<(index + 4)] == [13, 10, 13, 10] {
      return index + 4
    }
    return nil
  }
}
