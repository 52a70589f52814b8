public import ChainTypes
public import Metainfo
internal import Primitives

/// What a statement's lines come to.
public struct StatementBooks: Sendable {
  /// One channel.
  public struct Account: Hashable, Sendable {
    /// The other side.
    public var party: ChannelParty
    /// The torrent that it was last used for.
    public var torrent: SHA1Hash
    /// Locked when it was last opened or found, in wei.
    public var deposit: UInt128
    /// What moved on it; `paid` without what was promised before the statement knew of it.
    public var figures = TradeFigures()
    /// Promised in all, by the newest voucher.
    public var promised: UInt128
    /// Paid out by the ledger, in wei.
    public var settled: UInt128 = 0
    /// Whether it is gone from the ledger.
    public var isClosed = false
    /// When anything was last told of it, in seconds since 1970.
    public var lastUsed: UInt64 = 0

    /// Owed in all, as far as was told: promised before the statement knew of it, and billed since.
    var owed: UInt128 { promised - min(figures.paid, promised) + figures.billed }

    // What the ledger paid out was promised, whoever forgot it in a crash.
    fileprivate mutating func settle(_ total: UInt128) {
      settled = max(settled, total)
      guard total > promised else { return }
      figures.paid += total - promised
      promised = total
    }
  }

  /// The channels.
  public private(set) var accounts: [ChannelID: Account] = [:]
  /// What may have been signed away at most, in wei.
  public private(set) var ceiling: UInt128 = 0
  /// What was spent for each torrent, in wei.
  public private(set) var spent: [SHA1Hash: UInt128] = [:]
  /// How many transactions of ours succeeded, and how many did not, by kind.
  public private(set) var transactions: [String: (succeeded: Int, failed: Int)] = [:]

  /// Nothing yet.
  public init() {}

  /// Takes in a line.
  public mutating func add(_ entry: StatementEntry) {
    add(entry.event)
    if let id = entry.event.channel { accounts[id]?.lastUsed = entry.time }
  }

  /// Takes in what a line will tell.
  mutating func add(_ event: StatementEvent) {
    switch event {
    case .opened(let id, let party, let deposit, let paid, let torrent):
      var account =
        accounts[id]
        ?? Account(party: party, torrent: torrent, deposit: deposit, promised: paid)
      account.torrent = torrent
      account.deposit = max(account.deposit, deposit)
      accounts[id] = account
    case .moved(let id, let figures):
      accounts[id]?.figures += figures
      accounts[id]?.promised += figures.paid
    case .limit(let total): ceiling = total
    case .spent(let torrent, let amount): spent[torrent, default: 0] += amount
    case .settled(let id, _, let total):
      accounts[id]?.settle(total)
    case .closed(let id, let total):
      accounts[id]?.settle(total)
      accounts[id]?.isClosed = true
    case .transaction(let kind, _, let succeeded):
      if succeeded {
        transactions[kind, default: (0, 0)].succeeded += 1
      } else {
        transactions[kind, default: (0, 0)].failed += 1
      }
    }
  }

  /// What may have been signed away, as before a crash, and is told of no torrent.
  public var unaccounted: UInt128 {
    let told = spentInAll
    return ceiling > told ? ceiling - told : 0
  }

  /// What was spent for all torrents, in wei.
  var spentInAll: UInt128 { spent.values.reduce(0, +) }

  /// One row for each other side and direction of money, with its channels together.
  public struct Peer: Hashable, Sendable {
    /// The other side.
    public var party: ChannelParty
    /// What moved.
    public var figures = TradeFigures()
    /// Paid out by the ledger, in wei.
    public var settled: UInt128 = 0
    /// How many channels there were.
    public var channels = 0
  }

  /// The other sides, by address; those whom we pay first.
  public var peers: [Peer] {
    var rows: [ChannelParty: Peer] = [:]
    for account in accounts.values {
      var row = rows[account.party] ?? Peer(party: account.party)
      row.figures += account.figures
      row.settled += account.settled
      row.channels += 1
      rows[account.party] = row
    }
    return rows.values.sorted {
      $0.party.isPaidByUs != $1.party.isPaidByUs
        ? $0.party.isPaidByUs : $0.party.address < $1.party.address
    }
  }

  /// What one direction of money comes to: spent where `isPaidByUs`, else earned.
  public func total(isPaidByUs: Bool) -> Peer {
    peers.filter { $0.party.isPaidByUs == isPaidByUs }.reduce(
      into: Peer(party: ChannelParty(.zero, isPaidByUs: isPaidByUs))
    ) { sum, peer in
      sum.figures += peer.figures
      sum.settled += peer.settled
      sum.channels += peer.channels
    }
  }
}
