import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// The attacks on payment channels that the ledger itself must stand, one by one.
@Suite("Attacks on payment channels")
struct ChannelAttackTests {
  let payerKey = TestChain.key(101)
  let payeeKey = TestChain.key(102)
  let hotKey = TestChain.key(104)
  let stranger = TestChain.key(103).publicKey.address
  var payer: Address { payerKey.publicKey.address }
  var payee: Address { payeeKey.publicKey.address }

  func world() throws -> ChannelWorld {
    let world = try ChannelWorld(accounts: [payer])
    #expect(try world.run(.vaultDeposit, from: payer, value: 100_000).succeeded)
    return world
  }

  func open(
    _ world: ChannelWorld, deposit: UInt128 = 1_000, signer: Address = .zero,
    graceSeconds: UInt32 = 2, graceBlocks: UInt32 = 1
  ) throws -> ChannelDescriptor {
    let terms = ChannelTerms(
      payee: payee, signer: signer, graceSeconds: graceSeconds, graceBlocks: graceBlocks,
      deposit: deposit)
    let count = try world.vault(payer).openCount
    #expect(try world.run(.open([terms]), from: payer).succeeded)
    return terms.descriptor(payer: payer, openCount: count, in: world.domain)
  }

  func settlement(
    _ channel: ChannelDescriptor, _ amount: UInt128, key: PrivateKey? = nil,
    domain: ChannelDomain? = nil
  ) throws -> ChannelSettlement {
    let voucher = try Voucher(channelID: channel.id, cumulativeAmount: amount)
      .signed(by: key ?? payerKey, in: domain ?? channel.domain)
    return ChannelSettlement(
      channel: channel, cumulativeAmount: amount, signature: voucher.signature)
  }

  /// `settle` with any bytes in place of a signature.
  func settle(
    _ channel: ChannelDescriptor, _ amount: UInt128, _ signature: [UInt8], _ world: ChannelWorld,
    by caller: Address? = nil
  ) throws -> CallOutcome {
    defer { _ = world.state.takeLogs() }
    return try world.call(
      ChannelModule.settle.encodeCall([
        channel.abiValue, .uint(UInt256(amount)), .bytes(signature),
      ]), from: caller ?? stranger)
  }

  func pay(
    _ channel: ChannelDescriptor, _ amount: UInt128, _ world: ChannelWorld
  ) throws -> ChannelFailure? {
    try settle(
      channel, amount, settlement(channel, amount).signature.bytes, world
    ).failure
  }

  @Test("1, 16: the payer's leaving never beats a voucher settled in the grace time")
  func staleClose() throws {
    for settledBefore in [0, 300] as [UInt128] {
      var world = try world()
      let channel = try open(world)
      if settledBefore > 0 { #expect(try pay(channel, settledBefore, world) == nil) }
      #expect(try world.run(.requestClose(channel), from: payer).succeeded)
      try world.advance(seconds: 1)
      #expect(try world.run(.withdraw(channel), from: payer).failure == .graceNotOver)
      #expect(try pay(channel, 900, world) == nil)
      try world.advance(seconds: 1)
      try world.advance(seconds: 1)
      #expect(
        try world.run(.withdraw(channel), from: payer).output == UInt256(100).word.bytes)
      #expect(try world.balance(payee) == 900)
    }
  }

  @Test("2, 3: an old voucher, and one settled twice, pay nothing")
  func replay() throws {
    let world = try world()
    let channel = try open(world)
    #expect(try pay(channel, 500, world) == nil)
    for amount in [500, 499, 1, 0] as [UInt128] {
      #expect(try pay(channel, amount, world) == .nothingToSettle)
    }
    let items = try [settlement(channel, 600), settlement(channel, 600), settlement(channel, 550)]
    let outcome = try world.run(.settle(items), from: stranger)
    #expect(outcome.succeeded)
    #expect(try world.balance(payee) == 600)
  }

  @Test("4: a voucher of another chain, module, channel or kind of signature is none")
  func otherDomains() throws {
    let world = try world()
    let channel = try open(world)
    let other = try open(world)
    let id = channel.id
    var digests = [
      Voucher(channelID: id, cumulativeAmount: 500).digest(in: ChannelDomain(chainID: 199)),
      Voucher(channelID: id, cumulativeAmount: 500)
        .digest(in: ChannelDomain(chainID: 1_337, module: Address(0x2001))),
      Voucher(channelID: other.id, cumulativeAmount: 500).digest(in: world.domain),
      // 8: other structures with the same words.
      Release(channelID: id, capture: 500, validUntil: 0).digest(in: world.domain),
      EIP712.digest(
        domainSeparator: world.domain.separator,
        structHash: EIP712.structHash(
          type: "Receipt(bytes32 channelId,uint128 cumulativeAmount)",
          [id.hash, UInt256(500).word])),
      Keccak256.hash(id.bytes + UInt256(500).word.bytes),
    ]
    digests.append(
      Keccak256.hash(Array("\u{19}Ethereum Signed Message:\n32".utf8) + digests[0].bytes))
    for digest in digests {
      let signature = try payerKey.sign(digest)
      #expect(try settle(channel, 500, signature.bytes, world).failure == .badSignature)
    }
    #expect(try pay(channel, 500, world) == nil)
  }

  @Test("5, 6: an id opens once, ever: old vouchers are worth nothing after a re-opening")
  func reopening() throws {
    let world = try world()
    var ids: Set<ChannelID> = []
    var old: [ChannelSettlement] = []
    for _ in 0..<5 {
      // All in one block: open, sign, close, and again with the same terms.
      let channel = try open(world)
      #expect(ids.insert(channel.id).inserted)
      old.append(try settlement(channel, 700))
      for voucher in old.dropLast() {
        #expect(
          try settle(channel, 700, voucher.signature.bytes, world).failure == .badSignature)
        #expect(
          try settle(voucher.channel, 700, voucher.signature.bytes, world).failure
            == .unknownChannel)
      }
      #expect(try world.run(.close(channel, capture: 0, voucher: nil), from: payee).succeeded)
    }
    #expect(try world.balance(payee).isZero)
    #expect(try world.vault(payer) == ChannelVault(balance: 100_000, openCount: 5))
  }

  @Test("7: high s, another v, the 64-byte form and other lengths are no signatures")
  func malleability() throws {
    let world = try world()
    let channel = try open(world)
    let good = try settlement(channel, 500).signature
    let high = good.r.word.bytes + (ChannelWorld.order &- good.s).word.bytes
    let bad: [[UInt8]] = [
      high + [55 - good.v], high + [good.v], good.compact, good.compact + [good.recoveryID],
      good.compact + [55 - good.v], good.compact + [29], good.compact + [35], good.bytes + [0], [],
      [UInt8](repeating: 0, count: 65), [UInt8](repeating: 0xff, count: 65), [0] + good.bytes,
    ]
    for signature in bad {
      #expect(try settle(channel, 500, signature, world).failure == .badSignature)
    }
    #expect(try settle(channel, 500, good.bytes, world).succeeded)
  }

  @Test("9, 36: a voucher above the deposit pays the deposit; amounts of any size are sound")
  func overdraft() throws {
    let world = try world()
    let channel = try open(world)
    let all = try settlement(channel, .max)
    let voucher = SignedVoucher(
      Voucher(channelID: channel.id, cumulativeAmount: .max), signature: all.signature)
    for capture in [1_001, UInt128(1) << 112, .max] as [UInt128] {
      #expect(
        try world.run(.close(channel, capture: capture, voucher: voucher), from: payee).failure
          == .badCapture)
    }
    #expect(try settle(channel, .max, all.signature.bytes, world).succeeded)
    #expect(try world.balance(payee) == 1_000)
    // More may be had by the same voucher once there is more.
    let most = ChannelState.maximumAmount
    for amount in [0, most - 999, most, .max] as [UInt128] {
      #expect(
        try world.run(.topUp([ChannelTopUp(channel: channel, amount: amount)]), from: payer)
          .failure == .badAmount)
    }
    #expect(
      try world.run(.topUp([ChannelTopUp(channel: channel, amount: 5)]), from: payer).succeeded)
    #expect(try settle(channel, .max, all.signature.bytes, world).succeeded)
    #expect(try world.balance(payee) == 1_005)
    var data = try ChannelModule.vaultWithdraw.encodeCall([.uint(1)])
    data[4] = 1
    #expect(try world.call(data, from: payer).status == .reverted)
    #expect(
      try world.call(ChannelModule.vaultDeposit.encodeCall([]), from: payer, value: 1 << 127).status
        == .insufficientBalance)
  }

  @Test("A deposit of 2^112 − 1 works to the wei")
  func largest() throws {
    let world = try ChannelWorld(accounts: [payer])
    #expect(try world.run(.vaultDeposit, from: payer, value: ChannelWorld.funds).succeeded)
    let most = ChannelState.maximumAmount
    let tooMuch = ChannelTerms(payee: payee, graceSeconds: 2, graceBlocks: 1, deposit: most + 1)
    #expect(try world.run(.open([tooMuch]), from: payer).failure == .badAmount)
    let channel = try open(world, deposit: most)
    #expect(try pay(channel, most - 1, world) == nil)
    #expect(
      try world.channel(channel.id) == ChannelState(settled: most - 1, deposit: most))
    #expect(try pay(channel, most, world) == nil)
    #expect(try world.balance(payee) == UInt256(most))
    #expect(
      try world.run(.close(channel, capture: most, voucher: nil), from: payee).succeeded)
  }

  @Test("10: what a failed transaction did is not there")
  func unfinal() throws {
    let world = try world()
    let channel = try open(world)
    let data = try ChannelCall.topUp([ChannelTopUp(channel: channel, amount: 5)]).encoded()
    let gas = try world.call(data, from: payer).gasUsed
    #expect(try world.channel(channel.id)?.deposit == 1_005)
    #expect(try world.call(data, from: payer, gas: gas - 1).status == .outOfGas)
    #expect(try world.channel(channel.id)?.deposit == 1_005)
    // openMany is all or none.
    let good = ChannelTerms(payee: payee, graceSeconds: 2, graceBlocks: 1, deposit: 10)
    var bad = good
    bad.graceSeconds = 1
    let before = try world.dump()
    #expect(try world.run(.open([good, good, bad]), from: payer).failure == .badGrace)
    #expect(try world.dump() == before)
  }

  @Test("15: a payee who is gone holds a deposit for the grace time, and no longer")
  func silentPayee() throws {
    var world = try world()
    let channel = try open(world)
    #expect(try world.run(.requestClose(channel), from: payer).succeeded)
    try world.advance(seconds: 1)
    try world.advance(seconds: 1)
    #expect(try world.run(.withdraw(channel), from: payer).succeeded)
    #expect(try world.vault(payer).balance == 100_000)
  }

  @Test("17, 30: strangers cannot open, request, close, top up or withdraw for others")
  func roles() throws {
    var world = try world()
    let channel = try open(world, signer: hotKey.publicKey.address)
    let voucher = try Voucher(channelID: channel.id, cumulativeAmount: 10)
      .signed(by: hotKey, in: world.domain)
    let release = try Release(channelID: channel.id, capture: 10, validUntil: 1_100)
      .signed(by: payeeKey, in: world.domain)
    for outsider in [stranger, hotKey.publicKey.address, payee] {
      #expect(try world.run(.requestClose(channel), from: outsider).failure == .notPayer)
      #expect(
        try world.run(.topUp([.init(channel: channel, amount: 1)]), from: outsider).failure
          == .notPayer)
      #expect(try world.run(.withdraw(channel), from: outsider).failure == .notPayer)
      #expect(
        try world.run(.closeMutual(channel, release, voucher: voucher), from: outsider).failure
          == .notPayer)
    }
    for outsider in [stranger, hotKey.publicKey.address, payer] {
      #expect(
        try world.run(.close(channel, capture: 10, voucher: voucher), from: outsider).failure
          == .notPayee)
    }
    // The payer's own key signs nothing where another signer is named.
    #expect(try pay(channel, 10, world) == .badSignature)
    // Claiming to be the payer of another's channel names another channel.
    var stolen = channel
    stolen.payer = stranger
    #expect(try world.run(.requestClose(stolen), from: stranger).failure == .unknownChannel)
    try world.advance(seconds: 0)
    // Whoever settles, it goes to the payee.
    let item = ChannelSettlement(
      channel: channel, cumulativeAmount: 10, signature: voucher.signature)
    #expect(try world.run(.settle([item]), from: stranger).succeeded)
    #expect(try world.balance(payee) == 10)
    #expect(try world.balance(stranger).isZero)
  }

  @Test("19: requesting and topping up in turn moves no money and ends nothing")
  func toggling() throws {
    var world = try world()
    let channel = try open(world)
    for _ in 0..<10 {
      #expect(try world.run(.requestClose(channel), from: payer).succeeded)
      try world.advance(seconds: 100)
      #expect(
        try world.run(.topUp([.init(channel: channel, amount: 1)]), from: payer).succeeded)
      #expect(try world.run(.withdraw(channel), from: payer).failure == .noCloseRequest)
    }
    #expect(try world.channel(channel.id) == ChannelState(settled: 0, deposit: 1_010))
    #expect(try pay(channel, 1_010, world) == nil)
  }

  @Test("20: a release of before a top-up or a settlement takes nothing back")
  func oldRelease() throws {
    let world = try world()
    let channel = try open(world)
    let release = try Release(channelID: channel.id, capture: 100, validUntil: 1_100)
      .signed(by: payeeKey, in: world.domain)
    #expect(try pay(channel, 300, world) == nil)
    #expect(
      try world.run(.closeMutual(channel, release, voucher: nil), from: payer).failure
        == .badCapture)
    let forged = try Release(channelID: channel.id, capture: 300, validUntil: 1_100)
      .signed(by: payerKey, in: world.domain)
    #expect(
      try world.run(.closeMutual(channel, forged, voucher: nil), from: payer).failure
        == .badSignature)
  }

  @Test("23: a chain that stood still for a week leaves the payee its blocks to answer in")
  func haltedChain() throws {
    var world = try world()
    let channel = try open(world, graceBlocks: 3)
    #expect(try world.run(.requestClose(channel), from: payer).succeeded)
    try world.advance(seconds: 604_800)
    for _ in 0..<3 {
      #expect(try world.run(.withdraw(channel), from: payer).failure == .graceNotOver)
      try world.advance(seconds: 0)
    }
    // Three blocks with room have passed since the request's own, all of them after the halt.
    #expect(try world.run(.withdraw(channel), from: payer).succeeded)
  }

  @Test("24: the second and the block at which the grace time ends, at −1, 0 and +1")
  func boundaries() throws {
    for (seconds, blocks, isOver) in [
      (9, 3, false), (10, 3, true), (11, 3, true), (10, 2, false), (10, 4, true),
      (1_000, 2, false),
    ] {
      var world = try world()
      let channel = try open(world, graceSeconds: 10, graceBlocks: 3)
      #expect(try world.run(.requestClose(channel), from: payer).succeeded)
      try world.advance(seconds: UInt64(seconds))
      for _ in 0..<blocks { try world.advance(seconds: 0) }
      let outcome = try world.run(.withdraw(channel), from: payer)
      #expect(outcome.succeeded == isOver, "\(seconds) s, \(blocks) blocks")
    }
    // Without room: four times as many of any kind.
    for (blocks, isOver) in [(11, false), (12, true)] {
      var world = try world()
      let channel = try open(world, graceSeconds: 10, graceBlocks: 3)
      #expect(try world.run(.requestClose(channel), from: payer).succeeded)
      for _ in 0..<blocks { try world.advance(seconds: 10, hasRoom: false) }
      #expect(try world.run(.withdraw(channel), from: payer).succeeded == isOver)
    }
    // Blocks alone, however many, are not enough: a chain can make them in no time.
    var world = try world()
    let channel = try open(world, graceSeconds: 10, graceBlocks: 3)
    #expect(try world.run(.requestClose(channel), from: payer).succeeded)
    for _ in 0..<100 { try world.advance(seconds: 0) }
    #expect(try world.run(.withdraw(channel), from: payer).failure == .graceNotOver)
  }

  @Test("24: the time of a request wraps with 32 bits, and is never taken for none")
  func wrapping() throws {
    for start: UInt64 in [1 << 32 - 5, 1 << 32, 1 << 33 + 3] {
      var world = try world()
      world.block.timestamp = start
      let channel = try open(world, graceSeconds: 10)
      #expect(try world.run(.requestClose(channel), from: payer).succeeded)
      #expect(try world.channel(channel.id)?.closeRequest != nil)
      try world.advance(seconds: 8)
      try world.advance(seconds: 0)
      #expect(try world.run(.withdraw(channel), from: payer).failure == .graceNotOver)
      try world.advance(seconds: 2)
      #expect(try world.run(.withdraw(channel), from: payer).succeeded)
    }
  }

  @Test("25: in any order within a block, the payee gets what its order allows, and no wei is lost")
  func permutations() throws {
    let names = ["settle", "withdraw", "topUp", "close"]
    for order in Self.permutations(Array(names.indices)) {
      var world = try world()
      let channel = try open(world)
      #expect(try world.run(.requestClose(channel), from: payer).succeeded)
      for _ in 0..<3 { try world.advance(seconds: 5) }
      let voucher = try Voucher(channelID: channel.id, cumulativeAmount: 600)
        .signed(by: payerKey, in: world.domain)
      let calls: [(ChannelCall, Address)] = [
        (.settle([try settlement(channel, 600)]), stranger), (.withdraw(channel), payer),
        (.topUp([.init(channel: channel, amount: 100)]), payer),
        (.close(channel, capture: 600, voucher: voucher), payee),
      ]
      var isOpen = true
      for index in order {
        let outcome = try world.run(calls[index].0, from: calls[index].1)
        if ["withdraw", "close"].contains(names[index]), outcome.succeeded { isOpen = false }
        let locked = try world.channel(channel.id)?.locked ?? 0
        #expect(
          try world.balance(ChannelModule.address)
            == UInt256(locked + world.vault(payer).balance))
      }
      #expect(!isOpen)
      let payeeCameFirst = order.firstIndex { $0 == 0 || $0 == 3 } ?? 0
      let payerLeftAt = order.firstIndex(of: 1) ?? 0
      let wasToppedUpBefore = (order.firstIndex(of: 2) ?? 0) < payerLeftAt
      let expected: UInt256 = payeeCameFirst < payerLeftAt || wasToppedUpBefore ? 600 : 0
      #expect(try world.balance(payee) == expected, "\(order.map { names[$0] })")
    }
  }

  static func permutations(_ items: [Int]) -> [[Int]] {
    guard let first = items.first else { return [[]] }
    return permutations(Array(items.dropFirst())).flatMap { rest in
      (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
    }
  }
}
