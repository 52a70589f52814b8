internal import CReference
internal import Keys
internal import Primitives

/// Signing, recovering and verifying against a loop in C over the same library, on one core.
enum KeysBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let count = settings.count(2_000, quick: 100)
    let rounds = settings.count(15, quick: 3)
    var random = Sequence64(seed: 1)
    let secrets = try (0..<count).map { _ in try PrivateKey(bytes: random.bytes(32)) }
    let digests = (0..<count).map { _ in Keccak256.hash(random.bytes(32)) }
    let signatures = try zip(secrets, digests).map { try $0.sign($1) }
    let keys = secrets.map(\.publicKey)

    let secretBytes = secrets.flatMap { $0.withUnsafeBytes { Array($0) } }
    let digestBytes = digests.flatMap(\.bytes)
    let signatureBytes = signatures.flatMap { $0.compact + [$0.recoveryID] }
    let keyBytes = keys.flatMap(\.uncompressed)

    func measure(_ what: String, _ ours: () throws -> Int, _ reference: () -> Int) throws {
      let times = try Timing.interleaved(rounds: rounds) {
        try require(try ours() == count, "\(what): ours failed")
      } _: {
        try require(reference() == count, "\(what): the reference failed")
      }
      report.add(
        "\(what), one core", ours: Double(count) / times.ours,
        reference: Double(count) / times.reference, unit: "/s", atLeast: 0.95)
    }

    try measure("recover") {
      var good = 0
      for index in 0..<count {
        let key = try signatures[index].recoverPublicKey(digest: digests[index])
        if key == keys[index] { good += 1 }
      }
      return good
    } _: {
      reference_recover(digestBytes, signatureBytes, count)
    }
    try measure("verify") {
      var good = 0
      for index in 0..<count where keys[index].verify(signatures[index], digest: digests[index]) {
        good += 1
      }
      return good
    } _: {
      reference_verify(digestBytes, signatureBytes, keyBytes, count)
    }
    try measure("sign") {
      var good = 0
      for index in 0..<count {
        if try secrets[index].sign(digests[index]).recoveryID < 2 { good += 1 }
      }
      return good
    } _: {
      reference_sign(digestBytes, secretBytes, count)
    }
  }
}
