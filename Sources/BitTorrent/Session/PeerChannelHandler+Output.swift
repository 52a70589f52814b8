internal import NIOCore

extension PeerChannelHandler {
  /// Blocks that are read and written together.
  static let batchLimit = 16
  /// Bytes of messages that may wait for a peer that does not read.
  private static let backlogLimit = 2 << 20

  /// Puts a message in line.
  func send(_ message: PeerMessage) { output.append(message) }

  /// Puts blocks in line.
  func send(_ blocks: [BlockRequest]) { output.append(blocks) }

  /// Writes as much of what is in line as the socket has room for, with one flush.
  func flush() {
    guard isOpen, let context, let driver else { return }
    var hasWritten = false
    if let bytes = output.takeUrgent() {
      put(bytes, context)
      hasWritten = true
    }
    while context.channel.isWritable, let step = output.next(blocks: Self.batchLimit) {
      switch step {
      case .bytes(let bytes): put(bytes, context)
      case .blocks(let blocks): write(blocks, driver, context)
      }
      hasWritten = true
    }
    if hasWritten { context.flush() }
    if !context.channel.isWritable, output.backlog > Self.backlogLimit { close(.silent) }
  }

  /// Hands messages to the socket, encrypted where that was agreed.
  private func put(_ bytes: consuming ByteBuffer, _ context: ChannelHandlerContext) {
    cipher?.encrypt(&bytes)
    context.write(wrapOutboundOut(bytes), promise: nil)
  }

  private func write(
    _ blocks: [BlockRequest], _ driver: TorrentDriver, _ context: ChannelHandlerContext
  ) {
    var buffer = session.buffers.take()
    let count =
      driver.storage?.readCached(
        blocks[...], headroom: PeerMessage.pieceHeaderLength, into: &buffer) ?? 0
    if count > 0 { write(consume buffer, of: blocks[..<count], driver, context) }
    guard count < blocks.count else { return }
    read(Array(blocks[count...]), driver)
  }

  /// Reads blocks from disk; nothing in line is written before them.
  private func read(_ blocks: [BlockRequest], _ driver: TorrentDriver) {
    guard let storage = driver.storage else {
      return driver.uploadFailed(blocks, of: self)
    }
    output.isReading = true
    storage.read(blocks, headroom: PeerMessage.pieceHeaderLength, into: session.buffers.take())
      .assumeIsolated().whenComplete { result in
        self.output.isReading = false
        guard self.isOpen, let context = self.context else { return }
        switch result {
        case .success(let buffer):
          self.write(buffer, of: blocks[...], driver, context)
          context.flush()
        case .failure: driver.uploadFailed(blocks, of: self)
        }
        self.flush()
        driver.settle()
      }
  }

  // The buffer is filled and encrypted in place, so nobody else may hold it.
  private func write(
    _ buffer: consuming ByteBuffer, of blocks: ArraySlice<BlockRequest>, _ driver: TorrentDriver,
    _ context: ChannelHandlerContext
  ) {
    var index = buffer.readerIndex
    for block in blocks {
      index += buffer.setPieceHeader(of: block, at: index) + block.length
    }
    cipher?.encrypt(&buffer)
    let sent = buffer
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenSuccess {
      self.session.buffers.give(sent)
      driver.uploaded(blocks, by: self)
    }
    context.write(wrapOutboundOut(sent), promise: written)
  }
}

extension ByteBuffer {
  /// Fills the room that the storage left before a block; tells its length.
  fileprivate mutating func setPieceHeader(of block: BlockRequest, at index: Int) -> Int {
    setInteger(UInt32(truncatingIfNeeded: 9 + block.length), at: index)
    setInteger(PeerMessageID.piece, at: index + 4)
    setInteger(UInt32(truncatingIfNeeded: block.piece), at: index + 5)
    setInteger(UInt32(truncatingIfNeeded: block.offset), at: index + 9)
    return PeerMessage.pieceHeaderLength
  }
}
