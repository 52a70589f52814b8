internal import PaymentChannels
internal import Testing

@Suite struct SettlementPolicyTests {
  func reason(
    _ unsettled: UInt128, settled: UInt128 = 0, deposit: UInt128 = 1_000_000,
    age: Duration = .zero, isClosing: Bool = false, floor: UInt128 = 0
  ) -> SettlementPolicy.Reason? {
    var configuration = ChannelConfiguration()
    configuration.settlementFloor = floor
    return SettlementPolicy.reason(
      .init(
        unsettled: unsettled, settled: settled, deposit: deposit, age: age, isClosing: isClosing,
        fee: 100), configuration)
  }

  @Test func `fifty fees, or the owner's floor`() {
    #expect(reason(4_999) == nil)
    #expect(reason(5_000) == .gathered)
    #expect(reason(5_000, floor: 5_001) == nil)
    #expect(reason(5_001, floor: 5_001) == .gathered)
  }

  @Test func `daily what is worth its fee`() {
    #expect(reason(101, age: .seconds(86_399)) == nil)
    #expect(reason(101, age: .seconds(86_400)) == .interval)
    #expect(reason(100, age: .seconds(86_400)) == nil)
  }

  @Test func `at a close request at once, but never at a loss`() {
    #expect(reason(101, isClosing: true) == .closeRequested)
    #expect(reason(100, isClosing: true) == nil)
  }

  @Test func `at nine tenths of the deposit once, and at its end`() {
    #expect(reason(899, deposit: 1_000) == nil)
    #expect(reason(900, deposit: 1_000) == .used)
    #expect(reason(500, settled: 400, deposit: 1_000) == .used)
    #expect(reason(101, settled: 890, deposit: 1_000) == .used)
    #expect(reason(101, settled: 898, deposit: 1_000) == .used)
    #expect(reason(102, settled: 897, deposit: 1_000) == .used)
    // Cashed above the mark already: the rest waits for the end.
    #expect(reason(101, settled: 1_800, deposit: 2_000) == nil)
    #expect(reason(200, settled: 1_800, deposit: 2_000) == .used)
  }
}
