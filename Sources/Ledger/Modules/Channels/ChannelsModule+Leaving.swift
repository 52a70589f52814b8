internal import ChainTypes
internal import Keys
internal import Primitives

/// The four ends of a channel: by its payee at once, by both at once, by its payer in two steps.
extension ChannelsModule {
  static func close(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let domain = call.domain
    let channel = try ChannelDescriptor(reading: &reader, in: domain)
    let capture = try reader.readUInt128()
    let claim = try VoucherClaim(channel: channel, reading: &reader)
    guard channel.payee == call.message.from else { throw ChannelFailure.notPayee }
    let id = try call.id(of: channel)
    let state = try call.channel(id)
    try check(capture, of: claim, id, state, in: domain, &call)
    return try end(channel, id, state, capture: capture, &call)
  }

  static func closeMutual(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let domain = call.domain
    let channel = try ChannelDescriptor(reading: &reader, in: domain)
    let capture = try reader.readUInt128()
    let validUntil = try reader.readUInt64()
    let consent = try VoucherClaim.signature(&reader)
    let claim = try VoucherClaim(channel: channel, reading: &reader)
    guard channel.payer == call.message.from else { throw ChannelFailure.notPayer }
    let now = call.block.timestamp
    guard validUntil >= now, validUntil - now <= Release.maximumValidity else {
      throw ChannelFailure.badValidity
    }
    let id = try call.id(of: channel)
    let state = try call.channel(id)
    try check(capture, of: claim, id, state, in: domain, &call)
    try call.charge(ModuleGas.signature)
    let release = Release(channelID: id, capture: capture, validUntil: validUntil)
    guard let signature = try? Signature(bytes: consent),
      SignedRelease(release, signature: signature).isSigned(by: channel.payee, in: domain)
    else { throw ChannelFailure.badSignature }
    return try end(channel, id, state, capture: capture, &call)
  }

  /// Checks what the payee is to have got in the end: more than was settled takes a voucher.
  private static func check(
    _ capture: UInt128, of claim: VoucherClaim, _ id: ChannelID, _ state: ChannelState,
    in domain: ChannelDomain, _ call: inout ModuleCall
  ) throws {
    guard capture >= state.settled, capture <= state.deposit else {
      throw ChannelFailure.badCapture
    }
    guard capture > state.settled else { return }
    guard capture <= claim.cumulativeAmount else { throw ChannelFailure.badCapture }
    try call.charge(ModuleGas.signature)
    guard claim.isSigned(id, in: domain) else { throw ChannelFailure.badSignature }
  }

  /// Pays both sides, and leaves nothing of the channel but a log.
  private static func end(
    _ channel: ChannelDescriptor, _ id: ChannelID, _ state: ChannelState, capture: UInt128,
    _ call: inout ModuleCall
  ) throws -> [UInt8] {
    let paid = capture - state.settled
    let refund = state.deposit - capture
    try call.removeChannel(state, id)
    if paid > 0 {
      try call.transfer(from: call.message.to, to: channel.payee, UInt256(paid))
    }
    try call.refund(refund, to: channel.payer)
    try call.emit(ChannelModule.channelClosed, id, channel, paid, capture, refund)
    return UInt256(paid).word.bytes
  }

  static func requestClose(
    _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    let channel = try ChannelDescriptor(reading: &reader, in: call.domain)
    guard channel.payer == call.message.from else { throw ChannelFailure.notPayer }
    let id = try call.id(of: channel)
    var state = try call.channel(id)
    guard state.closeRequest == nil else { return [] }
    let request = ChannelState.CloseRequest(
      time: CloseGrace.stamp(call.block.timestamp),
      // The count that this block will leave if it has room: nobody can answer in it any more.
      roomBlocks: try call.blocksWithRoom() &+ 1, height: call.block.number)
    state.closeRequest = request
    try call.setChannel(state, id)
    try call.store(ChannelStorage.closeRequest(id), state.closeRequestWord ?? .zero)
    try call.emit(
      ChannelModule.closeRequested, id, channel, UInt128(request.time),
      UInt128(request.roomBlocks), state.settled, state.deposit)
    return []
  }

  static func withdraw(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let channel = try ChannelDescriptor(reading: &reader, in: call.domain)
    guard channel.payer == call.message.from else { throw ChannelFailure.notPayer }
    let id = try call.id(of: channel)
    let word = try call.channel(id).word
    let second = try call.load(ChannelStorage.closeRequest(id))
    guard let state = ChannelState(word: word, closeRequestWord: second),
      let request = state.closeRequest
    else { throw ChannelFailure.noCloseRequest }
    let grace = CloseGrace(seconds: channel.graceSeconds, blocks: channel.graceBlocks)
    guard
      grace.isOver(
        request, now: call.block.timestamp, height: call.block.number,
        blocksWithRoom: try call.blocksWithRoom())
    else { throw ChannelFailure.graceNotOver }
    _ = try end(channel, id, state, capture: state.settled, &call)
    return UInt256(state.locked).word.bytes
  }
}

/// The time that a payee has to answer a request to close.
struct CloseGrace {
  let seconds: UInt32
  let blocks: UInt32

  /// The time of a request as the channel's word keeps it: 32 bits, and never 0.
  ///
  /// It is read modulo 2^32 s, 136 years, so that the word is wide enough for good.
  static func stamp(_ timestamp: UInt64) -> UInt32 {
    let low = UInt32(truncatingIfNeeded: timestamp)
    return low == 0 ? .max : low
  }

  /// Whether its seconds have passed, and its blocks too: those with room since the request's own
  /// block, or four times as many of any kind, that nobody can hold a deposit for ever.
  ///
  /// So neither a halt of the chain, after which the first block's time is far ahead, nor blocks
  /// filled with other things take the payee's time away.
  func isOver(
    _ request: ChannelState.CloseRequest, now: UInt64, height: UInt64, blocksWithRoom: UInt64
  ) -> Bool {
    guard UInt32(truncatingIfNeeded: now) &- request.time >= seconds else { return false }
    let withRoom = blocksWithRoom.subtractingReportingOverflow(request.roomBlocks)
    if !withRoom.overflow, withRoom.partialValue >= UInt64(blocks) { return true }
    return height >= request.height
      && height - request.height >= UInt64(blocks) * ChannelModule.graceBlocksFactor
  }
}
