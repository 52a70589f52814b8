internal import Foundation
internal import Ledger
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Primitives

/// `eth_getBalance` over keep-alive connections against a NIO handler that always says the same.
enum HTTPBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) async throws {
    let fixture = try ChainFixture(
      accounts: settings.count(10_000, quick: 500), keys: settings.count(100, quick: 10))
    let scratch = try Scratch()
    let directory = scratch.path("node")
    try fixture.openChain(directory).close()
    try fixture.writeKey(scratch.path("key"))
    let node = try NodeProcess(settings, directory: directory, keyFile: scratch.path("key"))
    defer { node.kill() }
    let script = scratch.path("balances.lua")
    try writeScript(fixture.addresses, to: script)

    let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    let bare = try await BareServer.start(on: group)
    let seconds = settings.count(4, quick: 1)
    var rates: (ours: [Double], bare: [Double]) = ([], [])
    _ = try wrk(node.port, script, seconds: 1)
    _ = try wrk(bare.port, script, seconds: 1)
    for round in 0..<settings.count(5, quick: 1) {
      if round % 2 == 0 { rates.ours.append(try wrk(node.port, script, seconds: seconds)) }
      rates.bare.append(try wrk(bare.port, script, seconds: seconds))
      if round % 2 == 1 { rates.ours.append(try wrk(node.port, script, seconds: seconds)) }
    }
    let ourLatency = try latency(node.port, fixture.addresses, seconds: seconds) * 1_000
    let bareLatency = try latency(bare.port, fixture.addresses, seconds: seconds) * 1_000
    try await bare.channel.close()
    try await group.shutdownGracefully()
    report.add(
      "eth_getBalance, 32 connections, against bare NIO", ours: Timing.median(rates.ours),
      reference: Timing.median(rates.bare), unit: "/s", atLeast: 0.6)
    report.add(
      "eth_getBalance, p50 at 1 000/s (bare NIO: \(Report.number(bareLatency)) ms)", ourLatency,
      unit: " ms", .below(0.15))
  }

  static func balanceRequest(_ address: Address) -> String {
    #"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["\#(address.hex)","latest"]}"#
  }

  /// A script for wrk that asks for one account after the other.
  static func writeScript(_ addresses: [Address], to path: String) throws {
    let bodies = addresses.prefix(2_000).map { "  '\(balanceRequest($0))'," }
    let script = """
      local bodies = {
      \(bodies.joined(separator: "\n"))
      }
      local requests = {}
      local at = 0
      function init()
        wrk.headers["Content-Type"] = "application/json"
        for i, body in ipairs(bodies) do requests[i] = wrk.format("POST", "/", nil, body) end
      end
      function request()
        at = at % #requests + 1
        return requests[at]
      end
      """
    try Data(script.utf8).write(to: URL(fileURLWithPath: path))
  }

  /// The requests a second that `wrk -t1 -c32` gets answered.
  static func wrk(_ port: UInt16, _ script: String, seconds: Int) throws -> Double {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "wrk", "-t1", "-c32", "-d\(seconds)s", "-s", script, "http://127.0.0.1:\(port)/",
    ]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try require(!text.contains("Non-2xx"), "the server refused requests:\n\(text)")
    guard let rate = text.firstMatch(of: /Requests\/sec: *([0-9.]+)/).flatMap({ Double($0.1) })
    else { throw BenchError("wrk (package wrk) is needed and gave:\n\(text)") }
    return rate
  }

  /// The median seconds from sending a request to its answer when one is sent each millisecond.
  private static func latency(
    _ port: UInt16, _ addresses: [Address], seconds: Int
  ) throws -> Double {
    let connection = try HTTPConnection(port: port)
    let clock = ContinuousClock()
    var times: [Double] = []
    var next = clock.now
    for index in 0..<(seconds * 1_000) {
      next += .milliseconds(1)
      let pause = clock.now.duration(to: next)
      if pause > .zero { usleep(UInt32(pause.components.attoseconds / 1_000_000_000_000)) }
      let body = balanceRequest(addresses[index % addresses.count])
      times.append(
        try Timing.seconds {
          let reply = try connection.post(body)
          try require(reply.contains("result"), "eth_getBalance failed: \(reply)")
        })
    }
    return Timing.median(times)
  }
}

/// An HTTP server without any work behind it.
struct BareServer {
  let channel: any Channel
  let port: UInt16

  static func start(on group: MultiThreadedEventLoopGroup) async throws -> BareServer {
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
          try channel.pipeline.syncOperations.addHandler(Handler())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    guard let port = channel.localAddress?.port.flatMap({ UInt16(exactly: $0) }) else {
      throw BenchError("the bare server has no port")
    }
    return BareServer(channel: channel, port: port)
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let body = ByteBuffer(
      string: #"{"jsonrpc":"2.0","id":1,"result":"0xd3c21bcecceda1000000"}"#)

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .end = unwrapInboundIn(data) else { return }
      var headers = HTTPHeaders()
      headers.add(name: "Content-Type", value: "application/json")
      headers.add(name: "Content-Length", value: "\(Self.body.readableBytes)")
      context.write(
        wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))),
        promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(Self.body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
