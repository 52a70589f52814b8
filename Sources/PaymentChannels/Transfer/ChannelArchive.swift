public import ChainTypes
public import JSON
internal import Keys
internal import Primitives

/// Channels on their way to other books: descriptors, and vouchers or ceilings.
///
/// Importing is always safe for the payee: only vouchers move money, and only to it. A payer's
/// channels come stopped unless nothing was signed, for newer signatures may exist elsewhere.
public struct ChannelArchive: Hashable, Sendable {
  /// One channel.
  public struct Entry: Hashable, Sendable {
    /// What the owner is to it.
    public var role: ChannelRole
    /// Who pays whom.
    public var descriptor: ChannelDescriptor
    /// The payee's newest voucher.
    public var voucher: SignedVoucher?
    /// The payer's signing ceiling, in wei.
    public var ceiling: UInt128

    /// A channel.
    public init(
      role: ChannelRole, descriptor: ChannelDescriptor, voucher: SignedVoucher? = nil,
      ceiling: UInt128 = 0
    ) {
      self.role = role
      self.descriptor = descriptor
      self.voucher = voucher
      self.ceiling = ceiling
    }
  }

  /// The name that the file carries.
  public static let format = "btt-channels"
  /// The most channels of one file.
  public static let maximumCount = 100_000

  /// Where the channels are.
  public var domain: ChannelDomain
  /// The channels.
  public var entries: [Entry]

  /// An archive.
  public init(domain: ChannelDomain, entries: [Entry]) {
    self.domain = domain
    self.entries = entries
  }
}

extension ChannelArchive {
  /// The JSON form; amounts are decimal texts.
  public var json: JSONValue {
    [
      "format": .string(Self.format), "version": "1",
      "chainId": .string(String(domain.chainID)), "module": .string(domain.module.hex),
      "channels": .array(entries.map(\.json)),
    ]
  }

  /// Reads the JSON form strictly.
  public init(json: JSONValue) throws(ChannelError) {
    guard json["format"]?.stringValue == Self.format, json["version"]?.stringValue == "1" else {
      throw .invalid("this is no export of channels of version 1")
    }
    guard let chainID = (json["chainId"]?.stringValue).flatMap({ UInt64($0) }),
      let module = (json["module"]?.stringValue).flatMap({ try? Address(hex: $0) }),
      let channels = json["channels"]?.arrayValue, channels.count <= Self.maximumCount
    else { throw .invalid("the export lacks its chain, module or channels, or has too many") }
    domain = ChannelDomain(chainID: chainID, module: module)
    entries = []
    for (index, channel) in channels.enumerated() {
      guard let entry = Entry(json: channel, in: domain) else {
        throw .invalid("channel \(index) of the export is malformed; nothing was imported")
      }
      entries.append(entry)
    }
  }
}

extension ChannelArchive.Entry {
  fileprivate var json: JSONValue {
    var object = descriptor.json
    object["role"] = .string(role.name)
    if let voucher {
      object["cumulativeAmount"] = .string(String(voucher.cumulativeAmount))
      object["signature"] = .string(Hex.encode(voucher.signature.bytes))
    }
    if role == .payer { object["ceiling"] = .string(String(ceiling)) }
    return .object(object)
  }

  fileprivate init?(json: JSONValue, in domain: ChannelDomain) {
    func text(_ name: String) -> String? { json[name]?.stringValue }
    guard let role = text("role").flatMap(ChannelRole.init(name:)),
      let descriptor = ChannelDescriptor(json: json, in: domain)
    else { return nil }
    self.init(role: role, descriptor: descriptor)
    if let amount = text("cumulativeAmount") {
      guard let amount = UInt128(amount),
        let bytes = text("signature").flatMap({ try? Hex.decode($0, count: 65) })
      else { return nil }
      var encoded = descriptor.id.bytes
      withUnsafeBytes(of: amount.bigEndian) { encoded += $0 }
      guard let voucher = try? SignedVoucher(decoding: encoded + bytes),
        voucher.isSigned(by: descriptor.voucherSigner, in: domain)
      else { return nil }
      self.voucher = voucher
    }
    if let ceiling = text("ceiling") {
      guard let ceiling = UInt128(ceiling) else { return nil }
      self.ceiling = ceiling
    }
  }
}
