internal import ChainTypes
internal import Primitives

/// Holds what the bridge has written down against what accounts hold.
struct BridgeVerifier {
  let view: ChainView

  /// Checks that each token's balances make its supply, that no token is unknown, and that the
  /// reserve has paid out no more than the books say.
  func verify(tokenSums: [Hash256: UInt256]) throws {
    guard let bridge = view.genesis.bridge else {
      guard tokenSums.isEmpty else {
        throw failure("there are bridged tokens on a chain without a bridge")
      }
      return
    }
    let count = try word(ReceiverStorage.tokenCount, of: ReceiverStorage.account)
    guard count == UInt256(UInt64(tokenSums.count)) else {
      throw failure("\(count) bridged tokens are listed, \(tokenSums.count) have an account")
    }
    for index in 0..<UInt64(tokenSums.count) {
      let listed = try view.state.storage(ReceiverStorage.account, ReceiverStorage.token(index))
      let token = Address(truncating: listed)
      let supply = try word(ReceiverStorage.supply(token), of: ReceiverStorage.account)
      guard let sum = tokenSums[Keccak256.hash(token)], sum == supply else {
        throw failure(
          "the balances of bridged token \(token) do not make its supply, \(supply)")
      }
    }
    try verifyReserve(bridge)
  }

  private func verifyReserve(_ bridge: BridgeRules) throws {
    let start = try word(OutboxStorage.reserveAtGenesis, of: OutboxStorage.account)
    var owed = UInt256.zero
    for root in bridge.roots.keys {
      // No book is above the supply.
      owed = owed &+ (try word(OutboxStorage.book(root.rawValue), of: OutboxStorage.account))
    }
    let reserve = try view.state.account(OutboxStorage.account)?.balance ?? .zero
    guard let covered = reserve.adding(owed), covered >= start else {
      throw failure(
        "the reserve (\(reserve) wei) and the books of the bridge (\(owed) wei) are less than the "
          + "reserve was at genesis (\(start) wei)")
    }
  }

  private func word(_ slot: Hash256, of account: Address) throws -> UInt256 {
    UInt256(try view.state.storage(account, slot))
  }

  private func failure(_ message: String) -> ChainVerifier.Failure {
    ChainVerifier.Failure(message: message)
  }
}
