internal import ChainTypes
internal import Foundation
internal import KeyValueStore
internal import PaymentChannels
internal import Primitives

extension ChannelsBenchmark {
  /// From the payer's call to sign, over a TCP connection of this machine, until the payee's
  /// answer that the voucher is on disk and buys credit has come back.
  static func latency(
    _ parties: ChannelParties, _ settings: Settings, _ report: inout Report
  ) async throws {
    let scratch = try Scratch()
    let sync = Report.number(try Timing.syncSeconds(scratch.path("probe"), count: 200) * 1_000)
    let payerStore = try ChannelParties.store(scratch.path("payer"))
    let payeeStore = try ChannelParties.store(scratch.path("payee"))
    defer {
      payerStore.close()
      payeeStore.close()
    }
    let payer = try await parties.payer(in: payerStore)
    let payee = try await parties.payee(in: payeeStore)
    let (near, far) = try FrameConnection.pair()
    let answers = Task {
      for await frame in far.frames(of: SignedVoucher.encodedCount) {
        let credit = try await payee.receive(try SignedVoucher(decoding: frame), from: PeerID(1))
        try far.send(withUnsafeBytes(of: credit.paid.bigEndian) { Array($0) })
      }
    }
    var credits = near.frames(of: 16).makeAsyncIterator()
    let channel = parties.channels[0].id
    let clock = ContinuousClock()
    var times: [Double] = []
    for amount in 1...UInt128(settings.count(2_000, quick: 20)) {
      let start = clock.now
      try near.send(try await payer.pay(channel, total: amount).encoded)
      let paid = await credits.next()
      times.append((clock.now - start) / .milliseconds(1))
      try require(
        paid.flatMap { UInt256(bigEndian: $0) }?.low == amount, "a voucher is not on disk")
    }
    near.finish()
    try await answers.value
    report.add(
      "channels: signing to credited over TCP, median (a bare sync: \(sync) ms)",
      Timing.median(times), unit: " ms", .below(2))
  }
}

/// One end of a TCP connection of this machine that carries frames of a fixed size.
private final class FrameConnection: Sendable {
  private let descriptor: Int32

  private init(_ descriptor: Int32) throws {
    try require(descriptor >= 0, "cannot connect to this machine")
    var on: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Both ends.
  static func pair() throws -> (FrameConnection, FrameConnection) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 1) == 0
          && getsockname(listener, $0, &size) == 0 && connect(client, $0, size) == 0
      }
    }
    try require(isConnected, "cannot connect to this machine")
    return (try FrameConnection(client), try FrameConnection(accept(listener, nil, nil)))
  }

  func send(_ bytes: [UInt8]) throws {
    try require(write(descriptor, bytes, bytes.count) == bytes.count, "cannot send a frame")
  }

  /// What comes in, read by a thread of its own; ends with the connection.
  func frames(of count: Int) -> AsyncStream<[UInt8]> {
    AsyncStream { continuation in
      Thread.detachNewThread { [self] in
        var frame = [UInt8](repeating: 0, count: count)
        while recv(descriptor, &frame, count, Int32(MSG_WAITALL)) == count {
          continuation.yield(frame)
        }
        continuation.finish()
      }
    }
  }

  /// Ends both directions.
  func finish() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
