import ChainTypes
import Foundation
import JSON
import Keys
import Metainfo
import NIOCore
import Primitives
import Speed
import TestSupport
import Testing

@Suite("Messages of btt_speed")
struct SpeedMessageTests {
  let vectors: JSONValue
  let context: SpeedContext
  let seller: Address
  let buyer: Address

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let url = root.appending(path: "docs/specs/speed-extension-vectors.json")
    vectors = try JSONValue.parse(Array(Data(contentsOf: url)))
    let domain = ChannelDomain(chainID: 1_029)
    context = SpeedContext(
      domain: domain, sellerNonce: try Hash256(hex: Self.text(vectors["sellerNonce"])),
      buyerNonce: try Hash256(hex: Self.text(vectors["buyerNonce"])),
      infoHash: try SHA1Hash(hex: Self.text(vectors["infoHash"])))
    seller = try Address(hex: Self.text(vectors["seller"]?["address"]))
    buyer = try Address(hex: Self.text(vectors["buyer"]?["address"]))
  }

  static func text(_ value: JSONValue?) throws -> String { try #require(value?.stringValue) }

  func bytes(_ value: JSONValue?) throws -> ByteBuffer {
    ByteBuffer(bytes: try Hex.decode(Self.text(value)))
  }

  func message(_ name: String, _ key: String = "encoded") throws -> SpeedMessage {
    let bytes = try bytes(vectors[name]?[key])
    let message = try SpeedMessage(bytes)
    #expect(message.encoded == bytes, "\(name) is written as it was read")
    return message
  }

  @Test("a handshake's entry is read and written as published")
  func handshake() throws {
    let bytes = try bytes(vectors["handshake"]?["encoded"])
    let hello = try SpeedHello(bytes)
    #expect(hello.encoded == bytes)
    #expect(hello.chainID == 1_029 && hello.module == ChannelModule.address)
    #expect(hello.nonce == context.sellerNonce)
    #expect(hello.sells && !hello.buys && hello.window == 131_072 && hello.version == 1)
  }

  @Test("a quote has the published digest, and is its payee's on this connection only")
  func quote() throws {
    guard case .quote(let signed) = try message("quote") else { throw Unexpected() }
    #expect(signed.quote.id == 7 && signed.quote.price == 1_000_000_000_000_003)
    #expect(signed.quote.payee == seller && signed.quote.isForAnyTorrent)
    #expect(signed.quote.expiry == 1_800_000_000)
    #expect(signed.quote.leastDeposit == 100_000_000_000_000_000)
    #expect(signed.quote.graceSeconds == 86_400 && signed.quote.graceBlocks == 720)
    #expect(signed.quote.digest(in: context).hex == (try Self.text(vectors["quote"]?["digest"])))
    #expect(signed.isGenuine(in: context))
    var other = context
    swap(&other.sellerNonce, &other.buyerNonce)
    #expect(!signed.isGenuine(in: other))
    other = context
    other.infoHash = .zero
    #expect(!signed.isGenuine(in: other))
    other = context
    other.domain = ChannelDomain(chainID: 199)
    #expect(!signed.isGenuine(in: other))
    var dearer = signed
    dearer.quote.price += 1
    #expect(!dearer.isGenuine(in: context))
  }

  @Test("a channel is proven by its signer, in the buyer's role, over these nonces")
  func opened() throws {
    guard case .opened(let proof) = try message("opened") else { throw Unexpected() }
    let id = proof.descriptor.id
    #expect(id.description == (try Self.text(vectors["opened"]?["channelId"])))
    #expect(
      ChannelProof.digest(of: id, in: context).hex
        == (try Self.text(vectors["opened"]?["digest"])))
    #expect(proof.descriptor.payer == buyer && proof.isGenuine(in: context))
    for forged in try #require(vectors["opened"]?["notGenuine"]?.arrayValue) {
      guard case .opened(let proof) = try SpeedMessage(try bytes(forged)) else {
        throw Unexpected()
      }
      #expect(!proof.isGenuine(in: context))
    }
  }

  @Test("vouchers, needs, receipts and byes are read and written as published")
  func others() throws {
    #expect(try message("accept") == .accept(quoteID: 7))
    guard case .voucher(let voucher) = try message("voucher") else { throw Unexpected() }
    #expect(voucher.isSigned(by: buyer, in: context.domain))
    #expect(voucher.cumulativeAmount == 123_456_789_000_000_000_000)
    guard case .need(let need) = try message("need") else { throw Unexpected() }
    #expect(need.required == need.accepted + 5 && need.window == 262_144 && need.voucher == nil)
    #expect(need.deposit == 1_000_000_000_000_000_000)
    guard case .need(let full) = try message("need", "encodedWithVoucher") else {
      throw Unexpected()
    }
    #expect(full.voucher == voucher)
    #expect(
      try message("receipt") == .receipt(SpeedReceipt(received: 1_048_576, verified: 1_032_192)))
    guard case .bye(let bye) = try message("bye") else { throw Unexpected() }
    #expect(bye.reason == .dispute && bye.sent == 77 && bye.received == 99)
    #expect(bye.total == voucher.cumulativeAmount && bye.channelID == voucher.channelID)
  }

  @Test("what is not exactly a message is refused")
  func refused() throws {
    let cases = try #require(vectors["refused"]?.objectValue)
    #expect(cases.count >= 10)
    for (name, value) in cases.members.map({ ($0.key, $0.value) }) {
      let bytes = try bytes(value)
      #expect(throws: SpeedWireError.self, "\(name)") { try SpeedMessage(bytes) }
    }
    for name in ["quote", "opened", "accept", "voucher", "need", "receipt", "bye"] {
      let whole = try bytes(vectors[name]?["encoded"])
      for count in 0..<whole.readableBytes {
        let part = try #require(whole.getSlice(at: 0, length: count))
        #expect(throws: SpeedWireError.self, "\(name), \(count) bytes") { try SpeedMessage(part) }
      }
    }
  }

  @Test("a handshake's entry that is too long, of another kind or out of bounds is none")
  func badHandshakes() throws {
    let good = try bytes(vectors["handshake"]?["encoded"])
    let text = String(decoding: good.readableBytesView.prefix(12), as: UTF8.self)
    #expect(text == "d1:c4:10291:")
    for bad in [
      "", "i1e", "d1:vi0ee", "le", "d1:c2:011:fi1e1:m0:1:n0:1:vi1e1:wi1ee",
      "d1:a" + "600:" + String(repeating: "x", count: 600) + "e",
    ] {
      #expect(throws: SpeedWireError.invalidHandshake) { try SpeedHello(ByteBuffer(string: bad)) }
    }
    var cut = good
    cut.moveWriterIndex(to: cut.writerIndex - 1)
    #expect(throws: SpeedWireError.invalidHandshake) { try SpeedHello(cut) }
  }

  struct Unexpected: Error {}
}
