package import ChainTypes

/// What final blocks say of a channel.
package struct ChannelView: Hashable, Sendable {
  package var state: ChannelState
  /// The block that said so.
  package var height: UInt64
  /// Whether the channel is gone; then the state is the last one.
  package var isClosed = false

  private static let version: UInt8 = 1

  package var row: [UInt8] {
    var writer = RowWriter(version: Self.version)
    writer.append(height)
    writer.append(isClosed ? 1 : 0 as UInt8)
    writer.append(state.settled)
    writer.append(state.deposit)
    writer.append(state.closeRequest?.time ?? 0)
    writer.append(state.closeRequest?.roomBlocks ?? 0)
    writer.append(state.closeRequest?.height ?? 0)
    return writer.bytes
  }

  package init(state: ChannelState, height: UInt64) {
    self.state = state
    self.height = height
  }

  package init(row: [UInt8]) throws(RowError) {
    var reader = try RowReader(row, version: Self.version)
    height = try reader.read()
    let closed: UInt8 = try reader.read()
    guard closed < 2 else { throw .malformed }
    isClosed = closed == 1
    state = ChannelState(settled: try reader.read(), deposit: try reader.read())
    let time: UInt32 = try reader.read()
    let room: UInt64 = try reader.read()
    let at: UInt64 = try reader.read()
    try reader.finish()
    if time != 0 { state.closeRequest = .init(time: time, roomBlocks: room, height: at) }
    guard state.settled <= state.deposit, state.deposit <= ChannelState.maximumAmount else {
      throw .malformed
    }
  }
}
