internal import ChainTypes
internal import JSON
internal import Logging
internal import Node
internal import Primitives

/// Signals that tests wait for and give.
struct Signal: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func send() { continuation.yield() }

  /// Returns at a signal, also an earlier one, or when the task is cancelled.
  func wait() async {
    for await _ in stream { return }
  }
}

/// Methods as the tests of geth have them, and some that wait.
struct TestMethods {
  struct Secret: Error {}

  var table = RPCMethodTable()
  let hasBegun = Signal()
  let mayEnd = Signal()

  init() {
    table.add("test_echo", parameters: 3) { _, params in
      let text = try params.required(0, .string)
      guard let number = try params.required(1, .any).intValue else {
        throw RPCError.invalidArgument(1, .wrongType(expected: "an integer"))
      }
      let args = try params.optional(2, .object)
      return .value([
        "String": .string(text), "Int": JSONValue(number),
        "Args": args.map { .object($0) } ?? .null,
      ])
    }
    table.addAsynchronous("test_echoLater", parameters: 1) { _, params in
      await Task.yield()
      return .value(try params.required(0, .any))
    }
    table.add("test_noArgsRets", parameters: 0) { _, _ in .null }
    table.add("test_raw", parameters: 1) { _, params in
      let count = try params.required(0, .any).intValue ?? 0
      return .raw(Array("\"\(String(repeating: "x", count: count))\"".utf8))
    }
    table.add("test_fail", parameters: 0) { _, _ in throw Secret() }
    table.addAsynchronous("test_failLater", parameters: 0) { _, _ in throw Secret() }
    table.add("test_revert", parameters: 0) { _, _ in
      throw RPCError.reverted(reason: "no", data: [8, 0xc3])
    }
    table.add("test_block", parameters: 1) { _, params in .value(try params.block(0).json) }
    table.add("test_address", parameters: 1) { _, params in
      .string(try params.required(0, .address).hex)
    }
    table.add("test_quantity", parameters: 1) { _, params in
      .string(Hex.quantity(try params.required(0, .quantity64)))
    }
    table.add("test_isAdmin", parameters: 0) { context, _ in .value(.bool(context.isAdmin)) }
    table.add("admin_secret", access: .admin, parameters: 0) { _, _ in .string("open") }
    table.addAsynchronous("test_wait", parameters: 0) { [hasBegun, mayEnd] _, _ in
      hasBegun.send()
      await mayEnd.wait()
      try Task.checkCancellation()
      return .string("waited")
    }
  }

  func processor(
    limits: JSONRPCProcessor.Limits = .init(),
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) -> JSONRPCProcessor {
    JSONRPCProcessor(
      methods: table, limits: limits,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      sleep: sleep)
  }
}

/// SplitMix64, so that a printed seed brings a failure back.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  mutating func mutate(_ bytes: inout [UInt8], with alphabet: String) {
    guard let place = bytes.indices.randomElement(using: &self) else { return }
    switch Int.random(in: 0...3, using: &self) {
    case 0: bytes[place] = .random(in: 0...255, using: &self)
    case 1: bytes.remove(at: place)
    case 2: bytes.insert(alphabet.utf8.randomElement(using: &self) ?? 0, at: place)
    default: bytes.removeSubrange(place...)
    }
  }
}
