/// The kinds of hosts that do what they should not.
package enum Liar: String, CaseIterable, Sendable {
  case corrupting, rarelyCorrupting, mute, boasting, silentlyBoasting, haveFlooding
  case requestFlooding, chokeGaming, slowWalking, pushing, freeRiding, refusing

  /// The behaviour of one host of that kind.
  package func makeBehaviour() -> any Behaviour {
    switch self {
    case .corrupting: Corruptor(oneIn: 3)
    case .rarelyCorrupting: Corruptor(oneIn: 40)
    case .mute: Mute()
    case .boasting: Boaster(isSilent: false)
    case .silentlyBoasting: Boaster(isSilent: true)
    case .haveFlooding: HaveFlooder()
    case .requestFlooding: RequestFlooder()
    case .chokeGaming: ChokeGamer()
    case .slowWalking: SlowWalker()
    case .pushing: Pusher()
    case .freeRiding: FreeRider()
    case .refusing: Refuser()
    }
  }

  /// Whether it needs the torrent's bytes for what it does.
  package var hasEverything: Bool {
    switch self {
    case .corrupting, .rarelyCorrupting, .mute, .chokeGaming, .slowWalking, .refusing: true
    default: false
    }
  }
}
