internal import ChainTypes
internal import JSON
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import Testing

@Suite struct ReleaseDocumentTests {
  let channel = Fixture.descriptor()

  func document(voucher: Bool = true) throws -> ReleaseDocument {
    let release = Release(channelID: channel.id, capture: 700, validUntil: 1_700_000_300)
    return ReleaseDocument(
      domain: Fixture.domain,
      release: try release.signed(by: Fixture.payee, in: Fixture.domain),
      voucher: voucher ? try Fixture.voucher(700, of: channel) : nil)
  }

  @Test(arguments: [true, false])
  func `a release is read as it was written, with and without a voucher`(voucher: Bool) throws {
    let document = try document(voucher: voucher)
    let text = JSONValue.object(document.json).serialized
    let read = try ReleaseDocument(json: try JSONValue.parse(text))
    #expect(read == document && read.channelID == channel.id)
    #expect(read.release.isSigned(by: Fixture.payee.address, in: read.domain))
  }

  @Test(arguments: [
    ("format", "btt-voucher"), ("version", "2"), ("chainId", "-1"), ("module", "0x12"),
    ("channelId", "0x00"), ("capture", "0x1"), ("validUntil", ""), ("signature", "0x00"),
  ])
  func `what is malformed is refused`(member: String, value: String) throws {
    var object = try document().json
    object[member] = .string(value)
    #expect(throws: ChannelError.self) { try ReleaseDocument(json: .object(object)) }
    object[member] = nil
    #expect(throws: ChannelError.self) { try ReleaseDocument(json: .object(object)) }
  }

  @Test func `a signature's twin and another channel's voucher are refused`() throws {
    var object = try document().json
    let bytes = try Hex.decode(try #require(object["signature"]?.stringValue), count: 65)
    object["signature"] = .string(Hex.encode(bytes.dropLast() + [bytes[64] - 27]))
    #expect(throws: ChannelError.self) { try ReleaseDocument(json: .object(object)) }
    var other = try document()
    other.voucher = try Fixture.voucher(700, of: Fixture.descriptor(openCount: 1))
    #expect(throws: ChannelError.self) { try ReleaseDocument(json: .object(other.json)) }
  }
}
