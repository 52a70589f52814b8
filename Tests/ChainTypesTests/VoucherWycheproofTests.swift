internal import ChainTypes
internal import Crypto
internal import Foundation
internal import JSON
internal import Keys
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct VoucherWycheproofTests {
  static let path = "wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json"

  // Wycheproof signs SHA-256 digests: they go through the same two steps as a voucher's digest,
  // reading the 65-byte form and recovering the signer.
  @Test(.enabled(if: Vectors.available(path), Vectors.absent))
  func `the signer of a voucher's form is who project Wycheproof says, or nobody`() throws {
    let file = try JSONValue.parse([UInt8](try Vectors.data(Self.path)))
    var counts = (valid: 0, invalid: 0)
    for group in try #require(file["testGroups"]?.arrayValue) {
      let point = try #require(group["publicKey"]?["uncompressed"]?.stringValue)
      let signer = try PublicKey(bytes: Hex.decode(point)).address
      for test in try #require(group["tests"]?.arrayValue) {
        let name = "\(test["tcId"]?.intValue ?? 0): \(test["comment"]?.stringValue ?? "")"
        let der = try Hex.decode(#require(test["sig"]?.stringValue))
        guard let numbers = Self.numbers(der) else {
          #expect(test["result"] != "valid", "\(name)")
          continue
        }
        // An x coordinate above the order needs recovery identifiers that Ethereum lacks.
        if test["comment"] == "k*G has a large x-coordinate" { continue }
        let message = try Hex.decode(#require(test["msg"]?.stringValue))
        let digest = try #require(Hash256([UInt8](SHA256.hash(data: message))))
        let signers = [27, 28].compactMap { v -> Address? in
          try? Signature(bytes: numbers + [v]).recoverAddress(digest: digest)
        }
        #expect(signers.contains(signer) == (test["result"] == "valid"), "\(name)")
        if test["result"] == "valid" { counts.valid += 1 } else { counts.invalid += 1 }
      }
    }
    #expect(counts.valid > 100 && counts.invalid > 50)
  }

  /// r‖s of a strict DER signature whose numbers fit 32 bytes each, which is all that our form
  /// can say.
  private static func numbers(_ der: [UInt8]) -> [UInt8]? {
    guard der.count >= 8, der[0] == 0x30, Int(der[1]) == der.count - 2 else { return nil }
    var rest = der[2...]
    func integer() -> [UInt8]? {
      guard rest.count >= 3, rest.popFirst() == 2, let count = rest.popFirst(), count > 0,
        count < 0x80, rest.count >= Int(count)
      else { return nil }
      let bytes = rest.prefix(Int(count))
      rest = rest.dropFirst(Int(count))
      guard let first = bytes.first, first < 0x80 else { return nil }
      if first == 0, let second = bytes.dropFirst().first, second < 0x80 { return nil }
      let digits = bytes.drop { $0 == 0 }
      guard digits.count <= 32 else { return nil }
      return [UInt8](repeating: 0, count: 32 - digits.count) + digits
    }
    guard let r = integer(), let s = integer(), rest.isEmpty else { return nil }
    return r + s
  }
}
