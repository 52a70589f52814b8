internal import ChainTypes
internal import Primitives

/// A ledger on which every channel is open with the greatest deposit, and nothing else happens.
struct BenchLedger: LedgerClient {
  static let chainID: UInt64 = 1_337

  private let last = LedgerHead(height: 1, hash: .zero, time: 1_700_000_000)

  func chainID() -> UInt64 { Self.chainID }

  func head() -> LedgerHead { last }

  func channels(_ ids: [ChannelID]) -> LedgerChannels {
    let state = ChannelState(settled: 0, deposit: ChannelState.maximumAmount)
    return LedgerChannels(head: last, roomBlocks: 0, states: ids.map { _ in state })
  }

  func vault(of payer: Address) -> ChannelVault { ChannelVault(balance: 0, openCount: 0) }

  func graceBounds() -> ChannelGraceBounds {
    ChannelGraceBounds(seconds: 1...UInt32.max, blocks: 1...UInt32.max)
  }

  func account(_ address: Address) -> LedgerAccount { LedgerAccount(balance: .zero, nonce: 0) }

  func fees() -> LedgerFees { LedgerFees(baseFee: 1, priorityFee: 1) }

  func estimateGas(
    from sender: Address, to module: Address, data: [UInt8], value: UInt128
  ) -> UInt64 { 100_000 }

  func send(_ rawTransaction: [UInt8]) throws(LedgerClientError) -> Hash256 { throw Self.refusal }

  func receipt(of transaction: Hash256) -> LedgerReceipt? { nil }

  func blocks(
    after height: UInt64, limit: Int
  ) throws(LedgerClientError) -> [LedgerBlock] { throw Self.refusal }

  private static let refusal = LedgerClientError(.unreachable, "nothing happens on this ledger")
}
