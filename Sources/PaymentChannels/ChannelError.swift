public import ChainTypes
public import KeyValueStore
public import Primitives

/// Why a channel's book, or the service around it, did not do what it was asked.
public enum ChannelError: Error, Hashable, Sendable {
  /// The books hold no such channel.
  case unknownChannel(ChannelID)
  /// The channel is not this key's to pay from, or not to be paid through.
  case wrongRole(ChannelID)
  /// The amount is not above what was accepted already.
  case notAbove(ChannelID, accepted: UInt128)
  /// The amount rises by less than the least step.
  case stepTooSmall(ChannelID, accepted: UInt128, step: UInt128)
  /// The amount is above the deposit that is final.
  case aboveDeposit(ChannelID, deposit: UInt128)
  /// The signature is not that of the channel's signer.
  case badSignature(ChannelID)
  /// The peer has used up what it may have checked now.
  case rateLimited
  /// A newer voucher of the same peer came before this one was looked at.
  case superseded(ChannelID)
  /// A release was signed: nothing is taken until it is used or has expired.
  case frozen(ChannelID, until: UInt64)
  /// A close is asked for or on its way.
  case closing(ChannelID)
  /// Credit does not reach: a voucher over `required` in all is needed.
  case insufficientCredit(ChannelID, required: UInt128, accepted: UInt128, deposit: UInt128)
  /// A voucher signed by this key is above the signing ceiling: the store is an old copy.
  case oldStore(ChannelID, shown: UInt128, ceiling: UInt128)
  /// The store refuses writes; only settling goes on.
  case storage(StoreError)
  /// A row of the store is damaged.
  case damagedRow(table: String, key: String)
  /// The store was written by a newer program.
  case newerSchema(found: UInt64, known: UInt64)
  /// The store belongs to another chain, module or key.
  case foreignStore(String)
  /// Another process uses the key.
  case keyInUse(Address, holder: String)
  /// Another store used the key last, or this one is an older copy of it.
  case keyUsedElsewhere(Address, holder: String)
  /// The lock file can't be read or written.
  case lockFile(path: String, reason: String)
  /// The ledger can't be asked or refused.
  case ledger(LedgerClientError)
  /// A transaction of this key is final and failed.
  case transactionFailed(Hash256)
  /// The nonce of a transaction of this key is used up, and no receipt of it is shown.
  case outcomeUnknown(Hash256)
  /// A transaction of this key is on its way, and the caller waits no longer.
  case stillWaiting(Hash256)
  /// Terms, amounts or an imported file that can't be.
  case invalid(String)
  /// There is no room for another channel.
  case tooManyChannels(limit: Int)
}

extension ChannelError {
  /// A stable name of the kind of failure.
  public var code: String {
    switch self {
    case .unknownChannel: "unknown-channel"
    case .wrongRole: "wrong-role"
    case .notAbove: "not-above"
    case .stepTooSmall: "step-too-small"
    case .aboveDeposit: "above-deposit"
    case .badSignature: "bad-signature"
    case .rateLimited: "rate-limited"
    case .superseded: "superseded"
    case .frozen: "frozen"
    case .closing: "closing"
    case .insufficientCredit: "insufficient-credit"
    case .oldStore: "old-store"
    case .storage: "storage"
    case .damagedRow: "damaged-row"
    case .newerSchema: "newer-schema"
    case .foreignStore: "foreign-store"
    case .keyInUse: "key-in-use"
    case .keyUsedElsewhere: "key-used-elsewhere"
    case .lockFile: "lock-file"
    case .ledger(let error): "ledger-" + error.code.rawValue
    case .transactionFailed: "transaction-failed"
    case .outcomeUnknown: "outcome-unknown"
    case .stillWaiting: "still-waiting"
    case .invalid: "invalid"
    case .tooManyChannels: "too-many-channels"
    }
  }
}

extension ChannelError: CustomStringConvertible {
  /// What happened, to which channel, why, and what to do next.
  public var description: String {
    switch self {
    case .unknownChannel(let id):
      "channel \(id) is not in these books: it is not open, not final yet, or below the limits"
    case .wrongRole(let id): "channel \(id): this key is not the party that may do this"
    case .notAbove(let id, let accepted):
      "channel \(id): the amount is not above \(accepted) wei, which was accepted already"
    case .stepTooSmall(let id, let accepted, let step):
      "channel \(id): pay at least \(step) wei more than the \(accepted) accepted already"
    case .aboveDeposit(let id, let deposit):
      "channel \(id): the amount is above the deposit of \(deposit) wei; top it up first"
    case .badSignature(let id):
      "channel \(id): the signature is not the signer's over this voucher on this chain"
    case .rateLimited: "too many vouchers from this peer; send fewer, each for more"
    case .superseded(let id): "channel \(id): a newer voucher came before this one was checked"
    case .frozen(let id, let until):
      "channel \(id): a release was signed and holds until \(until); close, or wait"
    case .closing(let id): "channel \(id): it is being closed; open another"
    case .insufficientCredit(let id, let required, let accepted, let deposit):
      "channel \(id): needs a voucher over \(required) wei, has \(accepted) of a deposit of "
        + "\(deposit)"
    case .oldStore(let id, let shown, let ceiling):
      "channel \(id): a voucher of ours over \(shown) wei was shown, above the ceiling of "
        + "\(ceiling) in this store, which therefore is an old copy; nothing more is signed until "
        + "`btt channel adopt`"
    case .storage(let error): "the channel books can't be written: \(error.message)"
    case .damagedRow(let table, let key):
      "row \(key) of the table '\(table)' of the channel books is damaged; restore an export"
    case .newerSchema(let found, let known):
      "the channel books have schema \(found) and this program knows \(known); update it"
    case .foreignStore(let reason): "the channel books are not this key's: \(reason)"
    case .keyInUse(let address, let holder):
      "the channels of \(address) are in use by \(holder); stop it, or use another key"
    case .keyUsedElsewhere(let address, let holder):
      "the channels of \(address) were last used by \(holder), so these books may be old; use "
        + "those, or take over with `btt channel adopt`"
    case .lockFile(let path, let reason): "the lock file \(path) can't be used: \(reason)"
    case .ledger(let error): "the ledger: \(error.message)"
    case .transactionFailed(let hash):
      "transaction \(hash) failed on the ledger: its fee is paid, and nothing else came of it; look "
        + "at the channel and ask again"
    case .outcomeUnknown(let hash):
      "it is not known what became of transaction \(hash): the account's nonce is past it, and the "
        + "node shows no receipt, so that either another program used the nonce, or the node "
        + "withholds the receipt; ask another node for it before you send the like again. These "
        + "books go on looking for it, and see in the blocks what it did to channels"
    case .stillWaiting(let hash):
      "transaction \(hash) was sent and is in no block yet; it stays in the outbox, and is sent "
        + "again whenever these channels are followed"
    case .invalid(let reason): reason
    case .tooManyChannels(let limit): "the books hold \(limit) channels already; close some"
    }
  }
}
