import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

@Suite("Native modules")
struct NativeModuleTests {
  let keys = TestChain.keys
  let btt = Address(0x1010)
  let validators = Address(0x1000)

  func call(
    _ test: TestChain, _ to: Address, _ function: ABIFunction, _ arguments: [ABIValue] = []
  ) throws -> [ABIValue] {
    var request = CallRequest()
    request.to = to
    request.data = try function.encodeCall(arguments)
    let outcome = try test.chain.view.call(request, at: test.chain.view.head.number)
    #expect(outcome.status == .succeeded)
    return try function.decodeResult(outcome.output)
  }

  @Test("BTT answers as an ERC-20 token")
  func views() throws {
    let test = try TestChain()
    let supply = test.chain.genesis.supply
    #expect(
      try call(test, btt, ABIFunction("symbol()", returns: "string")) == [.string("BTT")])
    #expect(
      try call(test, btt, ABIFunction("decimals()", returns: "uint8")) == [.uint(18)])
    #expect(
      try call(test, btt, ABIFunction("totalSupply()", returns: "uint256")) == [.uint(supply)])
    let million = UInt256(1_000_000) &* (UInt256.powerOfTen(18) ?? .one)
    #expect(
      try call(
        test, btt, ABIFunction("balanceOf(address)", returns: "uint256"),
        [.address(keys[0].address)]) == [.uint(million)])
    #expect(
      try call(test, btt, ABIFunction("circulatingSupply()", returns: "uint256"))
        == [.uint(million &* 8)])
  }

  @Test("A transfer through BTT moves coin and leaves ERC-20's event", arguments: [false, true])
  func transfer(sendsValue: Bool) throws {
    let test = try TestChain()
    let function = ABIFunction("transfer(address,uint256)", returns: "bool")
    let to = Address(0xabc)
    let data = try function.encodeCall([.address(to), .uint(500)])
    let transaction = try TestChain.transfer(
      from: keys[0], nonce: 0, to: btt, value: sendsValue ? 500 : 0, gasLimit: 100_000, data: data)
    let reserve = try test.chain.view.state.account(btt)?.balance
    let (block, _) = try test.mine([transaction])
    #expect(block.receipts[0].receipt.succeeded)
    let log = try #require(block.receipts[0].receipt.logs.first)
    #expect(log.address == btt)
    // keccak256("Transfer(address,address,uint256)"), as every ERC-20 has it.
    #expect(
      log.topics[0].hex == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
    #expect(log.data == UInt256(500).word.bytes)
    #expect(try test.chain.view.state.account(to)?.balance == 500)
    #expect(try test.chain.view.state.account(btt)?.balance == reserve)
    #expect(block.block.header.logsBloom.mayContain(btt))
    let found = try test.chain.view.logs(
      LogFilter(addresses: [btt], topics: [[], [], [log.topics[2]]]), in: 0...1, limit: 10)
    #expect(found.map(\.log) == [log])
    var verifier = ChainVerifier(view: test.chain.view)
    _ = try verifier.verify()
  }

  @Test("What a module refuses is undone, costs gas, and gives its reason")
  func reverts() throws {
    let test = try TestChain()
    let function = ABIFunction("transfer(address,uint256)", returns: "bool")
    let tooMuch = try function.encodeCall([.address(Address(0xabc)), .uint(.max)])
    let (block, _) = try test.mine([
      TestChain.transfer(
        from: keys[0], nonce: 0, to: btt, value: 0, gasLimit: 100_000, data: tooMuch),
      TestChain.transfer(from: keys[0], nonce: 1, to: btt, value: 5, gasLimit: 100_000),
      TestChain.transfer(
        from: keys[0], nonce: 2, to: btt, value: 0, gasLimit: 22_000, data: tooMuch),
    ])
    #expect(block.receipts.map(\.receipt.succeeded) == [false, false, false])
    #expect(block.receipts[0].gasUsed < 100_000)
    #expect(block.receipts[2].gasUsed == 22_000)
    #expect(try test.chain.view.state.account(Address(0xabc)) == nil)
    var request = CallRequest()
    request.from = keys[0].address
    request.to = btt
    request.data = tooMuch
    let outcome = try test.chain.view.call(request, at: 1)
    #expect(outcome.status == .reverted)
    #expect(ABIRevert(decoding: outcome.output) == .reason("insufficient balance"))
  }

  @Test("The validator set answers from genesis")
  func validatorSet() throws {
    let test = try TestChain()
    let all = ABIFunction("getBorValidators(uint256)", returns: "(address[], uint256[])")
    #expect(
      try call(test, validators, all, [.uint(1)]) == [
        .array([.address(TestChain.validator.address)]), .array([.uint(1)]),
      ])
    #expect(
      try call(
        test, validators, ABIFunction("isBlockMaker(address)", returns: "bool"),
        [.address(TestChain.validator.address)]) == [.bool(true)])
  }

  @Test("Estimated gas is just enough")
  func estimate() throws {
    let test = try TestChain()
    var request = CallRequest()
    request.from = keys[0].address
    request.to = btt
    request.data = try ABIFunction("transfer(address,uint256)", returns: "bool")
      .encodeCall([.address(Address(0xabc)), .uint(1)])
    let gas = try test.chain.view.estimateGas(request, at: 0).get()
    for (limit, succeeds) in [(gas, true), (gas - 1, false)] {
      var tried = request
      tried.gas = limit
      #expect(try test.chain.view.call(tried, at: 0).succeeded == succeeds)
    }
  }
}
