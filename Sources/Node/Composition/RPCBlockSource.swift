public import ChainTypes
public import Consensus
internal import JSON
public import LedgerRPC
public import Primitives

/// Sealed blocks of another node, over its JSON-RPC.
public struct RPCBlockSource: SealedBlockSource {
  private let client: JSONRPCClient

  /// The blocks of the node behind a client.
  public init(client: JSONRPCClient) { self.client = client }

  /// The height of the node's newest block.
  public func newestHeight() async throws -> UInt64 {
    try number(try await client.call("eth_blockNumber", []))
  }

  /// The node's blocks from a height on.
  public func sealedBlocks(from height: UInt64, count: Int) async throws -> [SealedBlock] {
    let reply = try await client.call(
      "btt_getSealedBlocks", [.string(Hex.quantity(height)), .string(Hex.quantity(UInt64(count)))])
    guard let elements = reply.arrayValue, elements.count <= count else { throw unusable }
    return try elements.map { element in
      guard let text = element.stringValue else { throw unusable }
      return try SealedBlock(decoding: try Hex.decode(text))
    }
  }

  /// The hash of the node's genesis block, and its chain id.
  public func identity() async throws -> (genesis: Hash256, chainID: UInt64) {
    let block = try await client.call("eth_getBlockByNumber", ["0x0", false])
    guard let text = block["hash"]?.stringValue else { throw unusable }
    return (
      try Hash256(hex: text), try number(try await client.call("eth_chainId", []))
    )
  }

  private func number(_ value: JSONValue) throws -> UInt64 {
    guard let text = value.stringValue else { throw unusable }
    return try Hex.decodeQuantity64(text)
  }

  private var unusable: NodeError {
    NodeError(.endpoint, "the node to follow answers in a form that cannot be read")
  }
}
