internal import ChainTypes
internal import JSON

/// The reply to a request as it grows, for one call or for many.
struct BatchReply {
  private var bytes: [UInt8] = []
  private let isBatch: Bool

  /// Whether a reply has gone beyond the limit, so that the calls after it need not be run.
  private(set) var isFull = false

  init(isBatch: Bool) {
    self.isBatch = isBatch
    bytes.reserveCapacity(128)
    if isBatch { bytes.append(UInt8(ascii: "[")) }
  }

  /// Appends a call's reply, or nothing for a notification, which has no id.
  ///
  /// A result that brings the whole beyond `limit` bytes is replaced by an error.
  mutating func append(_ outcome: Result<RPCResult, RPCError>, id: JSONValue?, limit: Int) {
    guard let id else { return }
    if isBatch, bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    let start = bytes.count
    switch outcome {
    case .success(let result):
      if case .raw(let raw) = result, raw.count > limit {
        isFull = true
      } else {
        bytes.append(rpcResult: result, id: id)
        isFull = bytes.count > limit
      }
      if isFull {
        bytes.removeSubrange(start...)
        bytes.append(rpcError: .responseTooLarge, id: id)
      }
    case .failure(let error): bytes.append(rpcError: error, id: id)
    }
  }

  /// The reply's bytes, or nil when there is nothing to reply to.
  consuming func finish() -> [UInt8]? {
    guard isBatch else { return bytes.isEmpty ? nil : bytes }
    guard bytes.count > 1 else { return nil }
    bytes.append(UInt8(ascii: "]"))
    return bytes
  }
}
