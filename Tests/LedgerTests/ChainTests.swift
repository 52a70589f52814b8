import ChainTypes
import KeyValueStore
import Keys
import Ledger
import Primitives
import TestSupport
import Testing
import Trie

@Suite("A chain")
struct ChainTests {
  let keys = TestChain.keys

  @Test("starts with all its supply, what nobody holds being the reserve")
  func genesisSupply() throws {
    let test = try TestChain()
    let state = test.chain.view.state
    let reserve = try #require(try state.account(Address(0x1010)))
    let held = UInt256(8_000_000) &* (UInt256.powerOfTen(18) ?? .one)
    #expect(reserve.balance.adding(held) == test.chain.genesis.supply)
    #expect(reserve.nonce == 1)
    #expect(try state.code(reserve.codeHash) == [0xef, 0x62, 0x74, 0x74, 2])
  }

  @Test("moves money, takes fees, and burns the base fee")
  func transfer() throws {
    let test = try TestChain()
    let to = Address(0xabc)
    let before = try #require(try test.chain.view.state.account(keys[0].address))
    let (block, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: to, value: 5, tip: 7)
    ])
    #expect(refused.isEmpty)
    #expect(block.receipts.map(\.receipt.succeeded) == [true])
    #expect(block.block.header.gasUsed == 21_000)
    let state = test.chain.view.state
    #expect(try state.account(to)?.balance == 5)
    #expect(try state.account(Address(0xfee))?.balance == UInt256(147_000 as UInt64))
    let after = try #require(try state.account(keys[0].address))
    let fee = UInt256(21_000) &* UInt256(1_000_000_007)
    #expect(after.balance == before.balance &- fee &- 5)
    #expect(after.nonce == 1)
    var verifier = ChainVerifier(view: test.chain.view)
    let report = try verifier.verify()
    #expect(report.burned == UInt256(21_000) &* 1_000_000_000)
    #expect(report.stateRoot == block.block.header.stateRoot)
  }

  @Test("leaves out what cannot stand in a block, and says why")
  func refusals() throws {
    let test = try TestChain()
    let other = Address(0xabc)
    let (block, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 1, to: other),
      TestChain.transfer(from: keys[1], nonce: 0, to: other, chainID: 199),
      TestChain.transfer(from: keys[2], nonce: 0, to: other, value: .max >> 1),
      TestChain.transfer(from: TestChain.key(77), nonce: 0, to: other),
      TestChain.transfer(from: keys[3], nonce: 0, to: other),
      TestChain.transfer(from: keys[3], nonce: 0, to: other, value: 2),
    ])
    #expect(block.block.transactions.count == 1)
    let words = refused.map { "\($0)" }
    #expect(words.count == 5)
    for (text, start) in zip(
      words,
      [
        "nonce too high", "invalid chain id", "insufficient funds", "insufficient funds",
        "nonce too low",
      ])
    { #expect(text.hasPrefix(start), "\(text)") }
  }

  @Test("answers for every height from its history, and proves it")
  func history() throws {
    let test = try TestChain()
    var generator = SeededGenerator()
    var balances: [[Address: UInt256]] = [[:]]
    let receivers = (0..<40).map { Address(UInt32(0x5000 + $0)) }
    var nonces = [UInt64](repeating: 0, count: keys.count)
    for _ in 0..<60 {
      let transactions = try (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        let sender = Int.random(in: 0..<keys.count, using: &generator)
        defer { nonces[sender] += 1 }
        return try TestChain.transfer(
          from: keys[sender], nonce: nonces[sender],
          to: receivers.randomElement(using: &generator) ?? .zero,
          value: UInt256(UInt64.random(in: 0...9, using: &generator)))
      }
      try test.mine(transactions)
      let state = test.chain.view.state
      balances.append(
        Dictionary(
          uniqueKeysWithValues: try receivers.map {
            ($0, try state.account($0)?.balance ?? .zero)
          }))
    }
    let view = test.chain.view
    for height in UInt64(1)...60 {
      let root = try #require(try view.header(height)).stateRoot
      let state = try view.state(at: height)
      for receiver in receivers {
        let want = balances[Int(height)][receiver] ?? .zero
        #expect(try state.account(receiver)?.balance ?? .zero == want)
        let proof = try view.proof(of: receiver, slots: [], at: height)
        let value = try TrieProof.verify(
          root: root, key: Keccak256.hash(receiver).bytes, nodes: proof.nodes)
        #expect(value == proof.account?.trieValue)
        #expect(proof.account?.balance ?? .zero == want)
      }
      // The word that says how much is burned changes with every block that has transactions.
      let slot = UInt256(1).word
      let proof = try view.proof(of: Address(0x1010), slots: [slot], at: height)
      let account = try #require(proof.account)
      let word = try TrieProof.verify(
        root: account.storageRoot, key: Keccak256.hash(slot).bytes, nodes: proof.slots[0].nodes)
      var encoder = RLPEncoder()
      encoder.append(UInt256(proof.slots[0].value))
      #expect(word == (proof.slots[0].value.isZero ? nil : encoder.bytes))
      #expect(try state.storage(Address(0x1010), slot) == proof.slots[0].value)
    }
  }

  @Test("gives the same root for the same block in another store, and refuses any other")
  func following() throws {
    let leader = try TestChain()
    let follower = try TestChain()
    for nonce in UInt64(0)..<5 {
      try leader.mine([
        TestChain.transfer(from: keys[0], nonce: nonce, to: Address(0xabc), value: 3)
      ])
    }
    for height in UInt64(1)...5 {
      let sealed = try #require(try leader.chain.view.sealedBlock(height))
      let decoded = try SealedBlock(decoding: sealed.encoded)
      let prepared = try follower.chain.prepare(decoded, now: 2_000)
      try follower.chain.commit(prepared, seal: decoded.seal)
    }
    #expect(follower.chain.view.headHash == leader.chain.view.headHash)
    #expect(follower.chain.view.head.stateRoot == leader.chain.view.head.stateRoot)
  }

  @Test(
    "refuses a block that breaks a rule",
    arguments: [
      "signer", "parent", "time before", "time ahead", "base fee", "gas limit", "state root",
      "gas used", "transactions", "height",
    ])
  func invalidBlocks(_ fault: String) throws {
    let leader = try TestChain()
    let follower = try TestChain()
    let transaction = try TestChain.transfer(from: keys[0], nonce: 0, to: Address(0xabc))
    var block = try leader.mine([transaction]).block.block
    var sealer = TestChain.validator
    switch fault {
    case "signer": sealer = keys[0]
    case "parent": block.header.parentHash = .zero
    case "time before": block.header.timestamp = 999
    case "time ahead": block.header.timestamp = 2_003
    case "base fee": block.header.baseFeePerGas = 2_000_000_000
    case "gas limit": block.header.gasLimit += 1
    case "state root": block.header.stateRoot = .zero
    case "gas used": block.header.gasUsed += 1
    case "transactions": block.transactions = []
    default: block.header.number = 2
    }
    let seal = try BlockSeal(
      chainID: 1_337, height: block.header.number, blockHash: block.header.hash, key: sealer)
    #expect(throws: LedgerError.self) {
      try follower.chain.prepare(SealedBlock(block: block, seal: seal), now: 2_000)
    }
    // Nothing is lost: the right block is still taken.
    let sealed = try #require(try leader.chain.view.sealedBlock(1))
    let prepared = try follower.chain.prepare(sealed, now: 2_000)
    try follower.chain.commit(prepared, seal: sealed.seal)
    #expect(follower.chain.view.headHash == leader.chain.view.headHash)
  }

  @Test("forgets history outside its window and proofs after 1 024 blocks, naming the range")
  func pruning() throws {
    let test = try TestChain(configuration: .init(history: 10))
    for nonce in UInt64(0)..<30 {
      try test.mine([TestChain.transfer(from: keys[0], nonce: nonce, to: Address(0xabc))])
    }
    let view = test.chain.view
    #expect(try view.state(at: 20).account(Address(0xabc))?.balance == 20)
    let error = #expect(throws: LedgerError.self) { try view.state(at: 19) }
    #expect(error?.code == .pruned)
    #expect(error?.message.contains("20 to 30") == true)
  }

  @Test("reopens where it was")
  func reopening() throws {
    let store = SimulatedStore()
    let test = try TestChain(store: store)
    try test.mine([TestChain.transfer(from: keys[0], nonce: 0, to: Address(0xabc), value: 9)])
    let again = try TestChain(store: store.kill())
    #expect(again.chain.view.headHash == test.chain.view.headHash)
    try again.mine([TestChain.transfer(from: keys[0], nonce: 1, to: Address(0xabc), value: 1)])
    #expect(try again.chain.view.state.account(Address(0xabc))?.balance == 10)
    var verifier = ChainVerifier(view: again.chain.view)
    _ = try verifier.verify()
  }

  @Test("refuses a store that holds something else")
  func foreignStore() throws {
    let store = SimulatedStore()
    var batch = WriteBatch()
    batch.put([1], [2])
    try store.write(batch, sync: true)
    #expect(throws: LedgerError.self) { try TestChain(store: store) }
  }
}
