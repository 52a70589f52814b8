internal import ChainTypes
internal import PaymentChannels
internal import Testing

@Suite struct VoucherIntakeTests {
  let channel = Fixture.descriptor()

  func intake(_ adjust: (inout ChannelConfiguration) -> Void) -> VoucherIntake {
    var configuration = ChannelConfiguration()
    configuration.vouchersPerSecond = 10
    configuration.voucherBurst = 2
    adjust(&configuration)
    return VoucherIntake(configuration)
  }

  @Test func `of a channel and peer only the newest waits, for one token`() throws {
    var intake = intake { _ in }
    for amount in 1...50 as ClosedRange<UInt128> {
      try intake.offer(try Fixture.voucher(amount, of: channel), from: Fixture.peer, now: .zero)
    }
    #expect(throws: ChannelError.superseded(channel.id)) {
      try intake.offer(try Fixture.voucher(3, of: channel), from: Fixture.peer, now: .zero)
    }
    // Another peer's place is its own.
    try intake.offer(try Fixture.voucher(999, of: channel), from: PeerID(2), now: .zero)
    let taken = intake.take().sorted { $0.slot.peer.rawValue < $1.slot.peer.rawValue }
    #expect(taken.map(\.voucher.cumulativeAmount) == [50, 999])
    #expect(intake.isEmpty && intake.take().isEmpty)
  }

  @Test func `a peer's tokens come back with time`() throws {
    var intake = intake { _ in }
    let vouchers = try (0..<4).map { try Fixture.voucher(1, of: Fixture.descriptor(openCount: $0)) }
    try intake.offer(vouchers[0], from: Fixture.peer, now: .seconds(5))
    try intake.offer(vouchers[1], from: Fixture.peer, now: .seconds(5))
    #expect(throws: ChannelError.rateLimited) {
      try intake.offer(vouchers[2], from: Fixture.peer, now: .seconds(5))
    }
    // A clock that goes back gives nothing.
    #expect(throws: ChannelError.rateLimited) {
      try intake.offer(vouchers[2], from: Fixture.peer, now: .seconds(1))
    }
    try intake.offer(vouchers[2], from: Fixture.peer, now: .milliseconds(5_101))
  }

  @Test func `a wrong signature costs a peer many`() throws {
    var intake = intake { $0.badSignatureCost = 20 }
    try intake.offer(try Fixture.voucher(1, of: channel), from: Fixture.peer, now: .zero)
    _ = intake.take()
    intake.penalise(Fixture.peer)
    let next = try Fixture.voucher(2, of: channel)
    #expect(throws: ChannelError.rateLimited) {
      try intake.offer(next, from: Fixture.peer, now: .milliseconds(1_800))
    }
    try intake.offer(next, from: Fixture.peer, now: .milliseconds(2_000))
  }

  @Test func `the table of peers is bounded, and quiet ones make room`() throws {
    var intake = intake { $0.maximumPeers = 8 }
    let voucher = try Fixture.voucher(1, of: channel)
    for peer in 0..<8 { try intake.offer(voucher, from: PeerID(UInt64(peer)), now: .seconds(1)) }
    for peer in 8..<100 {
      #expect(throws: ChannelError.rateLimited) {
        try intake.offer(voucher, from: PeerID(UInt64(peer)), now: .seconds(1))
      }
    }
    #expect(intake.peerCount == 8)
    try intake.offer(voucher, from: PeerID(200), now: .seconds(2))
    #expect(intake.peerCount == 1)
  }
}
