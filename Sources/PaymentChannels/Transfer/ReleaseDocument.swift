public import ChainTypes
public import JSON
internal import Keys
internal import Primitives

/// A release on its way from payee to payer, with the voucher that it rests on.
///
/// The ledger captures only what a voucher says; a payer whose books lost the newest one finds it
/// here.
public struct ReleaseDocument: Hashable, Sendable {
  /// The name that the text carries.
  public static let format = "btt-release"

  /// Where the release counts.
  public var domain: ChannelDomain
  /// The consent and its signature.
  public var release: SignedRelease
  /// The payee's newest voucher, unless nothing was ever paid.
  public var voucher: SignedVoucher?

  /// A release and its voucher.
  public init(domain: ChannelDomain, release: SignedRelease, voucher: SignedVoucher?) {
    self.domain = domain
    self.release = release
    self.voucher = voucher
  }

  /// The channel.
  public var channelID: ChannelID { release.release.channelID }

  /// The JSON form; the amount is wei in a decimal text, the time seconds since 1970.
  public var json: JSONObject {
    var object: JSONObject = [
      "format": .string(Self.format), "version": "1",
      "chainId": .string(String(domain.chainID)), "module": .string(domain.module.hex),
      "channelId": .string(channelID.description),
      "capture": .string(String(release.release.capture)),
      "validUntil": .string(String(release.release.validUntil)),
      "signature": .string(Hex.encode(release.signature.bytes)),
    ]
    object["voucher"] = voucher.map { voucher in
      .object(VoucherDocument(domain: domain, descriptor: nil, voucher: voucher).json)
    }
    return object
  }

  /// Reads the JSON form strictly; the signatures' form is checked, not who made them.
  public init(json: JSONValue) throws(ChannelError) {
    func text(_ name: String) -> String? { json[name]?.stringValue }
    guard text("format") == Self.format, text("version") == "1" else {
      throw .invalid("this is no release of version 1: give what `btt channel release` printed")
    }
    guard let chainID = text("chainId").flatMap({ UInt64($0) }),
      let module = text("module").flatMap({ try? Address(hex: $0) }),
      let id = text("channelId").flatMap({ try? ChannelID(hex: $0) }),
      let capture = text("capture").flatMap({ UInt128($0) }),
      let until = text("validUntil").flatMap({ UInt64($0) }),
      let bytes = text("signature").flatMap({ try? Hex.decode($0, count: 65) })
    else {
      throw .invalid("the release lacks its chain, module, channel, amount, time or signature")
    }
    domain = ChannelDomain(chainID: chainID, module: module)
    do {
      release = SignedRelease(
        Release(channelID: id, capture: capture, validUntil: until),
        signature: try Signature(bytes: bytes))
    } catch {
      throw .invalid("the release's signature is none that the ledger takes: \(error)")
    }
    guard let voucher = json["voucher"] else { return }
    let document = try VoucherDocument(json: voucher)
    guard document.domain == domain, document.voucher.channelID == id else {
      throw .invalid("the release's voucher is of another channel")
    }
    self.voucher = document.voucher
  }
}
