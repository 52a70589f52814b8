public import ChainTypes
public import JSON
internal import Keys
internal import Primitives

/// A voucher on its way from payer to payee, with what the payee needs to check it.
///
/// The channel's descriptor lets a payee take in a channel that it has not heard of: what it is
/// worth, the ledger says.
public struct VoucherDocument: Hashable, Sendable {
  /// The name that the text carries.
  public static let format = "btt-voucher"

  /// Where the voucher counts.
  public var domain: ChannelDomain
  /// The channel, unless only its id is known.
  public var descriptor: ChannelDescriptor?
  /// The promise and its signature.
  public var voucher: SignedVoucher

  /// A voucher and its channel.
  public init(domain: ChannelDomain, descriptor: ChannelDescriptor?, voucher: SignedVoucher) {
    self.domain = domain
    self.descriptor = descriptor
    self.voucher = voucher
  }

  /// The JSON form; amounts are wei in decimal texts.
  public var json: JSONObject {
    var object: JSONObject = [
      "format": .string(Self.format), "version": "1",
      "chainId": .string(String(domain.chainID)), "module": .string(domain.module.hex),
      "channelId": .string(voucher.channelID.description),
      "cumulativeAmount": .string(String(voucher.cumulativeAmount)),
      "signature": .string(Hex.encode(voucher.signature.bytes)),
    ]
    object["channel"] = descriptor.map { .object($0.json) }
    return object
  }

  /// Reads the JSON form strictly; the signature's form is checked, not who made it.
  public init(json: JSONValue) throws(ChannelError) {
    func text(_ name: String) -> String? { json[name]?.stringValue }
    guard text("format") == Self.format, text("version") == "1" else {
      throw .invalid("this is no voucher of version 1: give what `btt channel pay` printed")
    }
    guard let chainID = text("chainId").flatMap({ UInt64($0) }),
      let module = text("module").flatMap({ try? Address(hex: $0) }),
      let id = text("channelId").flatMap({ try? ChannelID(hex: $0) }),
      let amount = text("cumulativeAmount").flatMap({ UInt128($0) }),
      let signature = text("signature").flatMap({ try? Hex.decode($0, count: 65) })
    else { throw .invalid("the voucher lacks its chain, module, channel, amount or signature") }
    domain = ChannelDomain(chainID: chainID, module: module)
    do {
      var encoded = id.bytes
      withUnsafeBytes(of: amount.bigEndian) { encoded += $0 }
      voucher = try SignedVoucher(decoding: encoded + signature)
    } catch {
      throw .invalid("the voucher's signature is none that the ledger takes: \(error)")
    }
    guard let channel = json["channel"] else { return }
    guard let descriptor = ChannelDescriptor(json: channel, in: domain), descriptor.id == id else {
      throw .invalid("the voucher's channel is malformed or is not the one of its id")
    }
    self.descriptor = descriptor
  }
}
