internal import Metainfo
public import NIOCore

/// A message of `ut_pex`: whom the sender is connected with, as changes since its last one (BEP 11).
public struct PeerExchangeMessage: Equatable, Sendable {
  /// What the sender knows of a peer.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The byte on the wire.
    public let rawValue: UInt8

    /// The flags whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It prefers encrypted connections.
    public static let encryption = Flags(rawValue: 0x01)
    /// It only gives.
    public static let seed = Flags(rawValue: 0x02)
    /// It was dialled, so it can be.
    public static let reachable = Flags(rawValue: 0x10)
  }

  /// A peer that the sender is connected with.
  public struct Entry: Hashable, Sendable {
    /// Where it listens.
    public var address: PeerAddress
    /// What the sender knows of it.
    public var flags: Flags

    /// A peer and what is known of it.
    public init(_ address: PeerAddress, _ flags: Flags = []) {
      self.address = address
      self.flags = flags
    }
  }

  /// The most peers of either list that a message of ours has, and that are read of a peer's.
  public static let maximumEntries = 50

  /// Peers that came.
  public var added: [Entry] = []
  /// Peers that left.
  public var dropped: [PeerAddress] = []

  /// A message that says nothing yet.
  public init() {}
}

extension PeerExchangeMessage {
  /// The message for a peer that takes the extension under `id`.
  public func message(id: UInt8) -> PeerMessage { .extended(id: id, payload: payload) }

  /// The payload of the extension's message.
  public var payload: ByteBuffer {
    func compact(_ addresses: some Sequence<PeerAddress>) -> BencodeItem {
      .bytes(addresses.flatMap(\.compact))
    }
    let (four, six) = (added.filter { $0.isIPv4 }, added.filter { !$0.isIPv4 })
    let entries: [BencodeItem.Entry] = [
      .init("added", compact(four.map(\.address))),
      .init("added.f", .bytes(four.map(\.flags.rawValue))),
      .init("added6", compact(six.map(\.address))),
      .init("added6.f", .bytes(six.map(\.flags.rawValue))),
      .init("dropped", compact(dropped.filter { $0.family == .ipv4 })),
      .init("dropped6", compact(dropped.filter { $0.family == .ipv6 })),
    ]
    return ByteBuffer(bytes: BencodeItem.dictionary(entries).encoded)
  }

  private static let limits = BencodeLimits(byteCount: 64 << 10, depth: 8, valueCount: 64)

  /// Reads a payload: at most ``maximumEntries`` peers of either list and family.
  ///
  /// - Throws: `malformedExtension`.
  public init(_ payload: ByteBuffer) throws(PeerFault) {
    let root: BencodeValue
    do {
      root = try BencodeDocument(
        prefixOf: [UInt8](payload.readableBytesView), limits: Self.limits
      ).root
    } catch {
      throw .malformedExtension
    }
    guard root.entries != nil else { throw .malformedExtension }
    for (family, suffix) in [(PeerAddress.Family.ipv4, ""), (.ipv6, "6")] {
      let peers = try Self.addresses(root["added\(suffix)"], family)
      let flags = Array((root["added\(suffix).f"]?.bytes ?? []).prefix(peers.count))
      added += peers.enumerated().map { index, address in
        Entry(address, index < flags.count ? Flags(rawValue: flags[index]) : [])
      }
      dropped += try Self.addresses(root["dropped\(suffix)"], family)
    }
  }

  private static func addresses(
    _ value: BencodeValue?, _ family: PeerAddress.Family
  ) throws(PeerFault) -> [PeerAddress] {
    guard let value else { return [] }
    guard let bytes = value.bytes, bytes.count.isMultiple(of: family.compactLength) else {
      throw .malformedExtension
    }
    return PeerAddress.addresses(compact: bytes, family, limit: maximumEntries)
  }
}

extension PeerExchangeMessage.Entry {
  fileprivate var isIPv4: Bool { address.family == .ipv4 }
}
