package import ChainTypes
internal import Primitives

// Rows are RLP lists that begin with a version.

extension RootID {
  /// The number as it stands in keys.
  var key: [UInt8] { withUnsafeBytes(of: rawValue.bigEndian) { Array($0) } }

  init?(key: [UInt8]) {
    guard key.count == 8 else { return nil }
    self.init(rawValue: key.reduce(0) { $0 << 8 | UInt64($1) })
  }
}

extension FollowerState {
  package var row: [UInt8] {
    RLPEncoder.list { list in
      list.append(1 as UInt64)
      list.append(cursor.number)
      list.append(cursor.hash)
      list.append(nextID)
      list.append(lastMessage.number)
      list.append(lastMessage.hash)
    }
  }

  package init(row: [UInt8]) throws {
    var list = try RLPDecoder.list(row)
    guard try list.readUInt64() == 1 else { throw RowError() }
    let cursor = RootBlock(number: try list.readUInt64(), hash: try list.readHash())
    let nextID = try list.readUInt64()
    let last = RootBlock(number: try list.readUInt64(), hash: try list.readHash())
    try list.finish()
    self.init(cursor: cursor, nextID: nextID, lastMessage: last)
  }
}

extension BridgeMessage {
  package func row() throws -> [UInt8] {
    try RLPEncoder.list { list in
      list.append(2 as UInt64)
      list.append(block.number)
      list.append(block.hash)
      list.append(blockTime)
      list.append(transaction)
      list.append(finalizedAt)
      list.append(data)
      list.append(try proof?.encodedCall() ?? [])
    }
  }

  package init(root: RootID, id: UInt64, row: [UInt8]) throws {
    var list = try RLPDecoder.list(row)
    guard try list.readUInt64() == 2 else { throw RowError() }
    self.init(
      root: root, id: id,
      block: RootBlock(number: try list.readUInt64(), hash: try list.readHash()),
      blockTime: try list.readUInt64(), transaction: try list.readHash(),
      finalizedAt: try list.readUInt64(), data: try list.readBytes(), proof: nil)
    let call = try list.readBytes()
    if !call.isEmpty { proof = try DepositProof(decodingCall: call) }
    try list.finish()
  }
}

extension MessageOutcome {
  package var row: [UInt8] {
    RLPEncoder.list { list in
      list.append(1 as UInt64)
      list.append(Array(state.utf8))
      list.append(at)
    }
  }

  package init(row: [UInt8]) throws {
    var list = try RLPDecoder.list(row)
    guard try list.readUInt64() == 1 else { throw RowError() }
    self.init(
      state: String(decoding: try list.readBytes(), as: UTF8.self), at: try list.readUInt64())
    try list.finish()
  }
}
