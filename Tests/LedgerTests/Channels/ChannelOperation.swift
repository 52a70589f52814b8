import ChainTypes
import Keys
import Primitives
import TestSupport

/// One step of a random history of channels.
///
/// It names channels and amounts by numbers that mean
/// something in any history, so that steps can be left out of a failing one.
enum ChannelOperation: Sendable {
  case deposit(by: Int, Choice)
  case takeOut(by: Int, Choice)
  case open(by: Int, [Terms])
  case topUp(by: Int, [(channel: Int, Choice)])
  case settle(by: Int, Claim)
  case settleMany(by: Int, [Claim])
  case close(by: Int, Claim, capture: Choice)
  case closeMutual(by: Int, Claim, capture: Choice, ahead: Int64, Forgery)
  case requestClose(by: Int, channel: Int)
  case withdraw(by: Int, channel: Int)
  case pass(blocks: UInt64, seconds: UInt64, hasRoom: Bool)

  struct Terms: Sendable {
    /// An actor, or `rightful` and how many after the payer.
    var payee: Int
    var signer: Int
    var graceSeconds: UInt32
    var graceBlocks: UInt32
    var deposit: Choice
  }

  struct Claim: Sendable {
    var channel: Int
    var amount: Choice
    var forgery: Forgery
  }

  /// An amount, in the neighbourhood of one that matters where it is used.
  enum Choice: Sendable {
    case near(Landmark, Int)
    case absolute(UInt128)

    enum Landmark: CaseIterable, Sendable { case zero, settled, deposit, vault, limit }
  }

  /// What is wrong with a signature.
  enum Forgery: CaseIterable, Sendable {
    case none, wrongKey, highS, lowV, compact, tooLong, empty, otherChain, otherModule
    case otherChannel, otherAmount
  }
}

extension ChannelOperation {
  /// As many actors, all of whom pay and are paid; the last two keys are no party's.
  static let actorCount = 4
  /// In place of an actor: whoever's business the call is.
  static let rightful = actorCount
  static let keys: [PrivateKey] = (0..<(actorCount + 2)).map { TestChain.key(UInt64(100 + $0)) }
  static let addresses = keys.map(\.publicKey.address)

  static func random(_ random: inout SeededGenerator) -> ChannelOperation {
    var actor = Int.random(in: 0..<actorCount, using: &random)
    let kind = Int.random(in: 0..<100, using: &random)
    if kind >= 27, Int.random(in: 0..<8, using: &random) > 0 { actor = rightful }
    let channel = channel(&random)
    switch kind {
    case 0..<10:
      let amount = UInt128.random(in: 1...100_000, using: &random)
      return .deposit(by: actor, Bool.random(using: &random) ? .absolute(amount) : choice(&random))
    case 10..<12: return .takeOut(by: actor, choice(&random))
    case 12..<27:
      let count = Bool.random(using: &random) ? 1 : Int.random(in: 0...5, using: &random)
      return .open(by: actor, (0..<count).map { _ in terms(&random) })
    case 27..<33:
      let count = Bool.random(using: &random) ? 1 : Int.random(in: 0...3, using: &random)
      return .topUp(
        by: actor,
        (0..<count).map { _ in (Self.channel(&random), choice(&random)) })
    case 33..<45: return .settle(by: actor, claim(&random))
    case 45..<53:
      let count = Int.random(in: 0...6, using: &random)
      return .settleMany(by: actor, (0..<count).map { _ in claim(&random) })
    case 53..<59: return .close(by: actor, claim(&random), capture: capture(&random))
    case 59..<65:
      return .closeMutual(
        by: actor, claim(&random), capture: capture(&random),
        ahead: [-1, 0, 1, 300, 600, 601].randomElement(using: &random) ?? 0, forgery(&random))
    case 65..<73: return .requestClose(by: actor, channel: channel)
    case 73..<87: return .withdraw(by: actor, channel: channel)
    default:
      return .pass(
        blocks: [1, 1, 2, 4].randomElement(using: &random) ?? 1,
        seconds: [0, 1, 2, 5, 100_000].randomElement(using: &random) ?? 0,
        hasRoom: Int.random(in: 0..<3, using: &random) > 0)
    }
  }

  /// How many openings ago; the newest the most often.
  private static func channel(_ random: inout SeededGenerator) -> Int {
    min(Int.random(in: 0..<12, using: &random), Int.random(in: 0..<12, using: &random))
  }

  private static func terms(_ random: inout SeededGenerator) -> Terms {
    let isOdd = Int.random(in: 0..<12, using: &random) == 0
    return Terms(
      payee: isOdd
        ? Int.random(in: 0..<actorCount, using: &random)
        : rightful + Int.random(in: 1..<actorCount, using: &random),
      signer: Int.random(in: 0...2, using: &random),
      graceSeconds: [2, 2, isOdd ? 1 : 3, isOdd ? 1_001 : 2].randomElement(using: &random) ?? 2,
      graceBlocks: [1, 1, isOdd ? 0 : 1, isOdd ? 101 : 2].randomElement(using: &random) ?? 1,
      deposit: Int.random(in: 0..<4, using: &random) == 0
        ? choice(&random) : .absolute(UInt128.random(in: 1...2_000, using: &random)))
  }

  private static func claim(_ random: inout SeededGenerator) -> Claim {
    Claim(
      channel: channel(&random), amount: choice(&random),
      forgery: forgery(&random))
  }

  /// Half of the time what was settled, for which no voucher is needed.
  private static func capture(_ random: inout SeededGenerator) -> Choice {
    Bool.random(using: &random) ? .near(.settled, 0) : choice(&random)
  }

  private static func forgery(_ random: inout SeededGenerator) -> Forgery {
    guard Int.random(in: 0..<5, using: &random) == 0 else { return .none }
    return Forgery.allCases.randomElement(using: &random) ?? .none
  }

  private static func choice(_ random: inout SeededGenerator) -> Choice {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<3:
      return .near(
        Choice.Landmark.allCases.randomElement(using: &random) ?? .zero,
        Int.random(in: -1...1, using: &random))
    case 3..<6: return .near(.settled, Int.random(in: 0...300, using: &random))
    case 6:
      return .absolute(UInt128.random(in: 0...(.max), using: &random))
    default: return .absolute(UInt128.random(in: 1...2_000, using: &random))
    }
  }
}

extension ChannelOperation.Forgery {
  /// A signature over `voucher` by `key` with this wrong about it.
  func signature(_ voucher: Voucher, key: PrivateKey, in domain: ChannelDomain) throws -> [UInt8] {
    try bytes(key: key) { forged in
      var (voucher, place) = (voucher, domain)
      forged.apply(to: &place)
      if forged == .otherChannel { voucher.channelID = ChannelID(Keccak256.hash([1])) }
      if forged == .otherAmount { voucher.cumulativeAmount &+= 1 }
      return voucher.digest(in: place)
    }
  }

  /// A signature over `release` by `key` with this wrong about it.
  func signature(_ release: Release, key: PrivateKey, in domain: ChannelDomain) throws -> [UInt8] {
    try bytes(key: key) { forged in
      var (release, place) = (release, domain)
      forged.apply(to: &place)
      if forged == .otherChannel { release.channelID = ChannelID(Keccak256.hash([1])) }
      if forged == .otherAmount { release.capture &+= 1 }
      return release.digest(in: place)
    }
  }

  private func apply(to domain: inout ChannelDomain) {
    if self == .otherChain { domain = ChannelDomain(chainID: domain.chainID + 1) }
    if self == .otherModule {
      domain = ChannelDomain(chainID: domain.chainID, module: Address(0x2001))
    }
  }

  private func bytes(key: PrivateKey, digest: (Self) -> Hash256) throws -> [UInt8] {
    let key = self == .wrongKey ? TestChain.key(77) : key
    let signature = try key.sign(digest(self))
    switch self {
    case .highS:
      return signature.r.word.bytes + (ChannelWorld.order &- signature.s).word.bytes
        + [55 - signature.v]
    case .lowV: return signature.compact + [signature.recoveryID]
    case .compact: return signature.compact
    case .tooLong: return signature.bytes + [0]
    case .empty: return []
    default: return signature.bytes
    }
  }
}
