internal import Crypto
internal import JSON
internal import Keys
internal import Primitives
internal import Testing

@Suite struct WycheproofTests {
  @Test(.enabled(if: Vectors.isPresent(Vectors.wycheproof), "vectors not present"))
  func `verifies what project Wycheproof calls valid, and nothing else`() throws {
    let file = try Vectors.load(Vectors.wycheproof)
    var counts = (valid: 0, invalid: 0)
    for group in try #require(file["testGroups"]?.arrayValue) {
      let point = try #require(group["publicKey"]?["uncompressed"]?.stringValue)
      let key = try PublicKey(bytes: Hex.decode(point))
      for test in try #require(group["tests"]?.arrayValue) {
        let message = try Hex.decode(#require(test["msg"]?.stringValue))
        let signature = try Hex.decode(#require(test["sig"]?.stringValue))
        let digest = try #require(Hash256([UInt8](SHA256.hash(data: message))))
        let isValid = test["result"] == "valid"
        let name = "\(test["tcId"]?.intValue ?? 0): \(test["comment"]?.stringValue ?? "")"
        #expect(key.verify(der: signature, digest: digest) == isValid, "\(name)")
        if isValid { counts.valid += 1 } else { counts.invalid += 1 }
        // What is valid and carries both numbers is also recoverable, by one of the parities.
        if isValid, let (r, s) = Self.numbers(signature) {
          let recovered = [0, 1].compactMap { identifier in
            try? Signature(r: r, s: s, recoveryID: identifier).recoverPublicKey(digest: digest)
          }
          // An x coordinate above the order needs identifiers 2 and 3, which Ethereum lacks.
          if test["comment"] != "k*G has a large x-coordinate" {
            #expect(recovered.contains(key), "\(name)")
          }
        }
      }
    }
    #expect(counts.valid + counts.invalid == file["numberOfTests"]?.intValue)
    #expect(counts.valid > 100 && counts.invalid > 100)
  }

  /// r and s of a DER signature that was found valid.
  private static func numbers(_ der: [UInt8]) -> (r: UInt256, s: UInt256)? {
    guard der.count > 6 else { return nil }
    let first = Int(der[3])
    let r = der[4..<(4 + first)]
    let s = der[(6 + first)...]
    guard let r = UInt256(bigEndian: r.drop { $0 == 0 }),
      let s = UInt256(bigEndian: s.drop { $0 == 0 })
    else { return nil }
    return (r, s)
  }
}
