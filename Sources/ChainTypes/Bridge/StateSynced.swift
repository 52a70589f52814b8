public import Primitives

/// A log of a root chain's state sender: a message for this chain.
public struct StateSynced: Hashable, Sendable {
  /// The most bytes of a message.
  public static let maximumDataCount = 1_024
  /// The event.
  public static let event = ABIEvent(
    "StateSynced(uint256 indexed id, address indexed contractAddress, bytes data)")

  /// The message's number on its root chain: 1, 2, 3, … without a gap.
  public var id: UInt64
  /// Whom it is for.
  public var receiver: Address
  /// The message, canonical ABI of a `StateMessage`.
  public var data: [UInt8]

  /// A message.
  public init(id: UInt64, receiver: Address = StateReceiverModule.address, data: [UInt8]) {
    self.id = id
    self.receiver = receiver
    self.data = data
  }

  /// The message in a log, or nil unless the log is just such an event.
  ///
  /// Who emitted it is for the caller to check.
  public init?(_ log: Log) {
    guard log.topics.count == 3, log.topics[0] == Self.event.topic,
      let id = UInt64(exactly: UInt256(log.topics[1])), id > 0,
      UInt256(log.topics[2]).bitWidth <= 160,
      log.data.count <= 64 + Self.maximumDataCount
    else { return nil }
    var reader = ABIReader(log.data)
    guard let data = try? reader.readBytes(maximumCount: Self.maximumDataCount) else { return nil }
    self.init(id: id, receiver: Address(truncating: log.topics[2]), data: data)
    guard log.data == encodedData else { return nil }
  }

  /// The log of `sender` that carries this message.
  public func log(from sender: Address) -> Log {
    var receiverWord = ABIWriter()
    receiverWord.append(receiver)
    return Log(
      address: sender,
      topics: [
        Self.event.topic, UInt256(id).word, Hash256(receiverWord.bytes) ?? .zero,
      ],
      data: encodedData)
  }

  private var encodedData: [UInt8] {
    var writer = ABIWriter()
    writer.append(bytes: data)
    return writer.bytes
  }
}
