package import Primitives

/// Where vaults and channels lie in the module's storage, for the module and for whoever has them
/// proved.
///
///     uint64 blocksWithRoom;                                   // slot 0
///     struct Vault { uint128 balance; uint64 openCount; }
///     mapping(address => Vault) vaults;                        // slot 1
///     struct Channel {
///         uint32 closeRequestedAt; uint112 deposit; uint112 settled;
///         uint64 heightAtRequest; uint64 roomBlocksAtRequest;  // only while a close is pending
///     }
///     mapping(bytes32 => Channel) channels;                    // slot 2
extension ChannelModule {
  /// The slot of the count of blocks with room.
  package static let blocksWithRoomSlot = UInt256.zero.word

  /// The slot of a payer's vault.
  package static func vaultSlot(of payer: Address) -> Hash256 {
    mapping(UInt256(bigEndian: payer.bytes)?.word ?? .zero, at: 1)
  }

  /// The slot of a channel's first word.
  package static func stateSlot(of id: ChannelID) -> Hash256 { mapping(id.hash, at: 2) }

  /// The slot of a channel's second word, which tells of a close request.
  package static func closeRequestSlot(of id: ChannelID) -> Hash256 {
    (UInt256(stateSlot(of: id)) &+ .one).word
  }

  private static func mapping(_ key: Hash256, at slot: UInt64) -> Hash256 {
    Keccak256.hash(key.bytes + UInt256(slot).word.bytes)
  }
}

extension ChannelVault {
  /// Reads the vault's word.
  package init(word: Hash256) {
    let word = UInt256(word)
    self.init(balance: word.low, openCount: UInt64(truncatingIfNeeded: word.high))
  }

  /// The vault's word.
  package var word: Hash256 { UInt256(high: UInt128(openCount), low: balance).word }
}
