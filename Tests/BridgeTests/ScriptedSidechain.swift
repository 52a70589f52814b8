import Bridge
import ChainTypes
import JSON
import Primitives
import Synchronization

/// The sidechain's modules as a table of answers, which a test writes.
final class ScriptedSidechain: BridgeEndpoint {
  struct Candidate: Sendable {
    var digest: Hash256
    var statement: CheckpointStatement
    var signers: [Address] = []
  }

  struct State: Sendable {
    var attested: [UInt64: (hash: Hash256, receiptsRoot: Hash256)] = [:]
    var voted: Set<UInt64> = []
    var messages: [UInt64: (status: MessageStatus, reason: UInt8, retryUntil: UInt64)] = [:]
    /// The hashes of what was carried out, by id.
    var applied: [UInt64: Hash256] = [:]
    var isPaused = false
    var isPausing = false
    var isMapped = false
    var head: UInt64 = 100
    var withdrawals: [Withdrawal] = []
    var candidates: [Candidate] = []
    var last: Candidate?
  }

  let name = "sidechain"
  let state = Mutex(State())

  static func blockHash(_ number: UInt64) -> Hash256 { Keccak256.hash(UInt256(number).word.bytes) }
  static let outboxRoot = Keccak256.hash([7])

  func call(_ method: String, _ params: [JSONValue]) async throws(EndpointError) -> JSONValue {
    let state = state.withLock { $0 }
    switch method {
    case "eth_chainId": return "0x7"
    case "eth_getBlockByNumber":
      let number = (try? Hex.decodeQuantity64(params[0].stringValue ?? "")) ?? state.head
      guard number <= state.head else { return .null }
      return [
        "number": .string(Hex.quantity(number)), "hash": .string(Self.blockHash(number).hex),
        "timestamp": .string(Hex.quantity(1_700_000_000 + number)),
      ]
    case "eth_getLogs":
      let id = params[0]["topics"]?.arrayValue?.last?.stringValue.flatMap {
        try? Hash256(hex: $0)
      }
      guard let id, let data = state.applied[UInt256(id).word.uint64] else { return [] }
      return [["data": .string(data.hex)]]
    case "eth_call":
      guard let data = try? Hex.decode(params[0]["data"]?.stringValue ?? "") else {
        throw .malformed("call")
      }
      return .string(Hex.encode(try Self.answer(data, state)))
    default: throw .refused(.methodNotFound(method))
    }
  }

  private typealias Answer = @Sendable (State, [UInt256]) -> [ABIValue]

  private static let answers: [(ABIFunction, Answer)] = [
    (StateReceiverModule.paused, { state, _ in [.bool(state.isPaused), .uint(.zero)] }),
    (StateReceiverModule.isPausing, { state, _ in [.bool(state.isPausing)] }),
    (
      StateReceiverModule.attested,
      { state, words in
        let header = state.attested[words[1].word.uint64]
        return [.hash(header?.hash ?? .zero), .hash(header?.receiptsRoot ?? .zero)]
      }
    ),
    (
      StateReceiverModule.voteOf,
      { state, words in
        [
          .hash(state.voted.contains(words[1].word.uint64) ? outboxRoot : .zero), .hash(.zero),
        ]
      }
    ),
    (
      StateReceiverModule.message,
      { state, words in
        let message = state.messages[words[1].word.uint64] ?? (.unknown, 0, 0)
        return [
          .uint(UInt256(UInt64(message.status.rawValue))), .uint(UInt256(UInt64(message.reason))),
          .uint(UInt256(message.retryUntil)), .hash(.zero),
        ]
      }
    ),
    (
      StateReceiverModule.childToken,
      { state, _ in [.address(Address(1)), .bool(state.isMapped)] }
    ),
    (
      StateReceiverModule.lastCheckpoint,
      { state, _ in [.hash(state.last?.digest ?? .zero)] }
    ),
    (
      StateReceiverModule.checkpointCandidates,
      { state, _ in [.array(state.candidates.map { .hash($0.digest) })] }
    ),
    (
      StateReceiverModule.checkpoint,
      { state, words in
        let all = state.candidates + (state.last.map { [$0] } ?? [])
        guard let found = all.first(where: { $0.digest == words[0].word }) else { return [] }
        let statement = found.statement
        return [
          .uint(UInt256(statement.rootID)), .uint(UInt256(statement.epoch)),
          .uint(UInt256(statement.endHeight)), .hash(statement.endBlockHash),
          .hash(statement.outboxRoot), .uint(UInt256(statement.outboxCount)), .uint(.one),
          .bool(found.digest == state.last?.digest),
        ]
      }
    ),
    (
      StateReceiverModule.checkpointSignatures,
      { state, words in
        let all = state.candidates + (state.last.map { [$0] } ?? [])
        let signers = all.first { $0.digest == words[0].word }?.signers ?? []
        return [.array(signers.map { .address($0) }), .bytes([1, 2, 3])]
      }
    ),
    (
      StateReceiverModule.checkpointDigest,
      { _, words in [.hash(Keccak256.hash(words.flatMap(\.word.bytes)))] }
    ),
    (
      WithdrawalModule.outbox,
      { state, _ in [.hash(outboxRoot), .uint(UInt256(UInt64(state.withdrawals.count)))] }
    ),
    (
      WithdrawalModule.withdrawals,
      { state, words in
        let first = Int(clamping: words[1].word.uint64)
        return [
          .array(
            state.withdrawals.dropFirst(first).prefix(Int(words[2].word.uint64)).map {
              .tuple([
                .address($0.rootToken), .address($0.receiver), .uint($0.amount),
                .uint(UInt256($0.height)),
              ])
            })
        ]
      }
    ),
  ]

  private static func answer(
    _ data: [UInt8], _ state: State
  ) throws(EndpointError) -> [UInt8] {
    let words = stride(from: 4, to: data.count - 31, by: 32).map { start in
      UInt256(Hash256(data[start..<(start + 32)]) ?? .zero)
    }
    for (function, answer) in answers where Array(data.prefix(4)) == function.plainCall {
      if let output = try? function.encodeResult(answer(state, words)) { return output }
    }
    throw .refused(.server("execution reverted"))
  }
}

extension Hash256 {
  /// The number in the lowest 64 bits.
  var uint64: UInt64 { UInt64(truncatingIfNeeded: UInt256(self).low) }
}
