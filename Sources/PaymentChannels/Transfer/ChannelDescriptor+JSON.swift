public import ChainTypes
public import JSON
internal import Primitives

extension ChannelDescriptor {
  /// The seven parts as texts; module and chain stand beside it.
  public var json: JSONObject {
    [
      "payer": .string(payer.hex), "payee": .string(payee.hex), "signer": .string(signer.hex),
      "salt": .string(salt.hex), "graceSeconds": .string(String(graceSeconds)),
      "graceBlocks": .string(String(graceBlocks)), "openCount": .string(String(openCount)),
    ]
  }

  /// Reads the parts; nil when one is missing or malformed.
  public init?(json: JSONValue, in domain: ChannelDomain) {
    func text(_ name: String) -> String? { json[name]?.stringValue }
    func address(_ name: String) -> Address? { text(name).flatMap { try? Address(hex: $0) } }
    guard let payer = address("payer"), let payee = address("payee"),
      let signer = address("signer"), let salt = text("salt").flatMap({ try? Hash256(hex: $0) }),
      let seconds = text("graceSeconds").flatMap({ UInt32($0) }),
      let blocks = text("graceBlocks").flatMap({ UInt32($0) }),
      let openCount = text("openCount").flatMap({ UInt64($0) })
    else { return nil }
    self.init(
      payer: payer, payee: payee, signer: signer, salt: salt, graceSeconds: seconds,
      graceBlocks: blocks, openCount: openCount, module: domain.module, chainID: domain.chainID)
  }
}
