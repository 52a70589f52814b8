import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport

/// What balances and nonces must be, kept without any of the ledger's code for it.
struct MoneyModel: Sendable {
  /// What a transaction was meant to do.
  enum Intent: Hashable, Sendable {
    case send(to: Address, value: UInt256)
    /// Money moved by the token's function rather than by the transaction's value.
    case sendToken(to: Address, value: UInt256)
    /// Something the token refuses.
    case fail
  }

  struct Account: Hashable, Sendable {
    var balance = UInt256.zero
    var nonce: UInt64 = 0
  }

  var accounts: [Address: Account]
  var burned = UInt256.zero
  let feeRecipient: Address

  init(genesis: Genesis, feeRecipient: Address) {
    accounts = genesis.allocations.mapValues { Account(balance: $0.balance, nonce: $0.nonce) }
    self.feeRecipient = feeRecipient
  }

  struct Mismatch: Error { let what: String }

  /// Takes over what a block's transactions do.
  mutating func apply(
    _ block: Block, _ receipts: [StoredReceipt], intents: [Hash256: (Address, Intent)]
  ) throws {
    guard block.transactions.count == receipts.count else { throw Mismatch(what: "receipts") }
    for (signed, stored) in zip(block.transactions, receipts) {
      guard let (sender, intent) = intents[signed.hash], stored.sender == sender else {
        throw Mismatch(what: "unknown transaction \(signed.hash)")
      }
      let transaction = signed.transaction
      let base = block.header.baseFeePerGas
      let price = min(transaction.maxFeePerGas, base &+ transaction.maxPriorityFeePerGas)
      let gas = UInt256(stored.gasUsed)
      accounts[sender, default: Account()].nonce += 1
      take(price &* gas, from: sender)
      give((price &- base) &* gas, to: feeRecipient)
      burned = burned &+ base &* gas
      switch intent {
      case .send(let to, let value), .sendToken(let to, let value):
        guard stored.receipt.succeeded else { throw Mismatch(what: "\(signed.hash) failed") }
        take(value, from: sender)
        give(value, to: to)
      case .fail:
        guard !stored.receipt.succeeded else { throw Mismatch(what: "\(signed.hash) succeeded") }
      }
      if case .send = intent, stored.gasUsed != 21_000 { throw Mismatch(what: "gas") }
    }
  }

  private mutating func take(_ value: UInt256, from address: Address) {
    let account = accounts[address] ?? Account()
    accounts[address] = Account(balance: account.balance &- value, nonce: account.nonce)
  }

  private mutating func give(_ value: UInt256, to address: Address) {
    let account = accounts[address] ?? Account()
    accounts[address] = Account(balance: account.balance &+ value, nonce: account.nonce)
  }

  /// Compares the whole model with a state.
  func check(_ state: any StateReader) throws {
    for (address, want) in accounts {
      let account = try state.account(address)
      guard account?.balance ?? .zero == want.balance, account?.nonce ?? 0 == want.nonce else {
        throw Mismatch(what: "\(address) has \(account as Any), must have \(want)")
      }
    }
  }
}
