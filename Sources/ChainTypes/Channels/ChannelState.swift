public import Primitives

/// What the ledger keeps of an open channel.
public struct ChannelState: Hashable, Sendable {
  /// A payer's wish to close.
  public struct CloseRequest: Hashable, Sendable {
    /// The time of its block, in seconds since 1970.
    public var time: UInt32
    /// The module's count of blocks with room at that block.
    public var roomBlocks: UInt64
    /// The block's height.
    public var height: UInt64

    /// A request.
    public init(time: UInt32, roomBlocks: UInt64, height: UInt64) {
      self.time = time
      self.roomBlocks = roomBlocks
      self.height = height
    }
  }

  /// The greatest amount that a channel can hold, in wei: 112 bits.
  public static let maximumAmount: UInt128 = (1 << 112) - 1

  /// Paid out to the payee so far, in wei.
  public var settled: UInt128
  /// Locked since the opening, paid out or not, in wei.
  public var deposit: UInt128
  /// The payer's wish to close, while one is pending.
  public var closeRequest: CloseRequest?

  /// A state.
  public init(settled: UInt128, deposit: UInt128, closeRequest: CloseRequest? = nil) {
    self.settled = settled
    self.deposit = deposit
    self.closeRequest = closeRequest
  }

  /// What is neither paid out nor given back, in wei.
  public var locked: UInt128 { deposit >= settled ? deposit - settled : 0 }
}

extension ChannelState {
  /// Settled, deposit and the time of the close request in one word; zero for no channel.
  public var word: Hash256 {
    UInt256(
      high: settled << 16 | deposit >> 96,
      low: deposit << 32 | UInt128(closeRequest?.time ?? 0)
    ).word
  }

  /// The second word, which stands only while a close is pending: room blocks, then height.
  public var closeRequestWord: Hash256? {
    closeRequest.map { UInt256(UInt128($0.roomBlocks) << 64 | UInt128($0.height)).word }
  }

  /// Reads the two words, or nil when the first is zero: no such channel is open.
  public init?(word: Hash256, closeRequestWord: Hash256) {
    guard !word.isZero else { return nil }
    let first = UInt256(word)
    settled = first.high >> 16
    deposit = (first.high & 0xffff) << 96 | first.low >> 32
    let time = UInt32(truncatingIfNeeded: first.low)
    if time != 0 {
      let second = UInt256(closeRequestWord).low
      closeRequest = CloseRequest(
        time: time, roomBlocks: UInt64(truncatingIfNeeded: second >> 64),
        height: UInt64(truncatingIfNeeded: second))
    }
  }
}

/// Money of a payer that is locked in no channel, and the number of its openings.
public struct ChannelVault: Hashable, Sendable {
  /// Free to open channels with or to withdraw, in wei.
  public var balance: UInt128
  /// How many channels the payer has opened, ever.
  public var openCount: UInt64

  /// A vault.
  public init(balance: UInt128, openCount: UInt64) {
    self.balance = balance
    self.openCount = openCount
  }
}
