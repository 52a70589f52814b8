internal import JSON
internal import Keys
internal import Primitives
internal import Testing

@Suite struct EncryptedKeyTests {
  static let secret = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
  static let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

  /// Made with eth-keyfile 0.10.0 under few rounds: password and file.
  static let files: [(password: String, json: String)] = [
    (
      "pässword 🔑",
      """
      {"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr",
      "cipherparams": {"iv": "b1b5e15cfbadb811086c882b5bcbe580"}, "ciphertext":
      "43d20a52cb263fd66bf613ee1d7f8987442dd17207e6a693a52998ed1f733775", "kdf": "scrypt",
      "kdfparams": {"dklen": 32, "n": 16, "r": 8, "p": 1, "salt":
      "518504bc88f30fb291cd7a5f4bb0918d"}, "mac":
      "15b3d37e54f069fafb058e15abf50a653d5314a414d81ee92bbf81df8fba92a4"},
      "id": "cf9d735d-f9d1-4f36-a3c5-4c6de5093325", "version": 3}
      """
    ),
    (
      "pässword 🔑",
      """
      {"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr",
      "cipherparams": {"iv": "4318ee934903afa45b61794c5dd1d800"}, "ciphertext":
      "db0cedb8cc1bb0c41b05fa4985947bfebc1d27635c5e43976b92f2f62287b6df", "kdf": "pbkdf2",
      "kdfparams": {"c": 1000, "dklen": 32, "prf": "hmac-sha256", "salt":
      "aaa71b0449cb4a860affd27e8920616a"}, "mac":
      "147107f222a008538920aeefa3c2b882273851f187bccfb37de3cf1b26a661ca"},
      "id": "c73c5ecb-6d3b-49aa-87d1-fb2629e9e3c2", "version": 3}
      """
    ),
    (
      "",
      """
      {"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr",
      "cipherparams": {"iv": "64c8d50e6f0b8ed9a99d9e2d78d6c5ec"}, "ciphertext":
      "ec157a56beac5b270edfe58c71543dd5b14aa003bb1733f74a24c6b5ba229135", "kdf": "pbkdf2",
      "kdfparams": {"c": 1000, "dklen": 32, "prf": "hmac-sha256", "salt":
      "4970e235293e8ceb6e1952d6ea49f7ee"}, "mac":
      "b412025b75d0facb0a192110b04aa33d1c8e8e3e31a1ca58bdb5bdcab9c9de72"},
      "id": "a4547a0a-aedf-4bfd-ad85-09fa120f84ac", "version": 3}
      """
    ),
  ]

  @Test(arguments: files.indices)
  func `opens what eth-keyfile wrote, and writes it back the same`(index: Int) throws {
    let file = Self.files[index]
    let encrypted = try EncryptedKey(json: Array(file.json.utf8))
    let key = try encrypted.decrypt(password: file.password)
    #expect(key.withUnsafeBytes { Hex.encode($0, prefix: false) } == Self.secret)
    #expect(encrypted.address?.checksummed == Self.address)
    #expect(try EncryptedKey(json: encrypted.json) == encrypted)
    #expect(throws: KeyStoreError.wrongPassword(key.address)) {
      try encrypted.decrypt(password: file.password + " ")
    }
  }

  /// Only "test2" needs scrypt of ours, which takes most of a minute when it is not optimised: it is
  /// left to release builds, as a smaller file with such parameters has a test of its own.
  private static var names: [String] {
    let names = ["test1", "test2", "python_generated_test_with_odd_iv", "evilnonce", "mycrypto"]
    #if DEBUG
      return names.filter { $0 != "test2" }
    #else
      return names
    #endif
  }

  @Test(
    .enabled(if: Vectors.isPresent(Vectors.keyStore), "vectors not present"), arguments: names)
  func `opens the files of the Ethereum tests`(name: String) throws {
    let test = try #require(try Vectors.load(Vectors.keyStore)[name])
    let encrypted = try EncryptedKey(json: #require(test["json"]).serialized)
    let key = try encrypted.decrypt(password: #require(test["password"]?.stringValue))
    #expect(key.withUnsafeBytes { Hex.encode($0, prefix: false) } == test["priv"]?.stringValue)
  }

  /// Made with pycryptodome 3's scrypt, N = 65536, r = 1, p = 1.
  @Test func `opens files with the scrypt parameters that RFC 7914 forbids`() throws {
    let json = """
      {"version": 3, "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv":
      "000102030405060708090a0b0c0d0e0f"}, "ciphertext":
      "ab3e07ada2345824efd56c29a84bfa6fd4d360d3d110215ddf488fbc785eca99", "kdf": "scrypt",
      "kdfparams": {"dklen": 32, "n": 65536, "r": 1, "p": 1, "salt":
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}, "mac":
      "9661d8c0cfc442c20a907f7d22855546a00601c5cdc04fb9e0787eb46e4e7d8a"}}
      """
    let key = try EncryptedKey(json: Array(json.utf8)).decrypt(password: "legacy")
    #expect(key.withUnsafeBytes { Hex.encode($0, prefix: false) } == Self.secret)
  }

  @Test(.enabled(if: Vectors.isPresent(Vectors.keyStore), "vectors not present"))
  func `knows every file of the Ethereum tests`() throws {
    #expect(try Vectors.load(Vectors.keyStore).objectValue?.count == 5)
  }

  @Test func `opens what it wrote, with the light parameters of go-ethereum`() throws {
    let key = PrivateKey.generate()
    let encrypted = try EncryptedKey(key, password: "", strength: .light)
    let json = try JSONValue.parse(encrypted.json)
    #expect(json["crypto"]?["kdfparams"]?["n"] == 4096)
    #expect(json["crypto"]?["kdfparams"]?["p"] == 6)
    #expect(json["address"]?.stringValue == Hex.encode(key.address.bytes, prefix: false))
    let id = try #require(json["id"]?.stringValue)
    #expect(
      try #/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/#
        .wholeMatch(in: id) != nil)
    let opened = try EncryptedKey(json: encrypted.json).decrypt(password: "")
    #expect(opened.address == key.address)
  }

  @Test func `tells another address in the file from a wrong password`() throws {
    let file = Self.files[1]
    let other = try PrivateKey(bytes: UInt256.one.word.bytes).address
    let text = file.json.replacing(
      Self.address.dropFirst(2), with: Hex.encode(other.bytes, prefix: false))
    let encrypted = try EncryptedKey(json: Array(text.utf8))
    let address = try Address(hex: Self.address)
    #expect(throws: KeyStoreError.addressMismatch(file: other, key: address)) {
      try encrypted.decrypt(password: file.password)
    }
  }

  @Test(arguments: [
    (#""n": 16"#, #""n": 17"#), (#""n": 16"#, #""n": 0"#), (#""n": 16"#, #""n": 1"#),
    (#""n": 16"#, #""n": -16"#), (#""n": 16"#, #""n": 1048577"#),
    (#""n": 16"#, #""n": 2097152"#), (#""n": 16"#, #""n": 4611686018427387904"#),
    (#""n": 16"#, #""n": 16.0"#), (#""r": 8"#, #""r": 0"#), (#""r": 8"#, #""r": 1000000"#),
    (#""r": 8"#, #""r": 9223372036854775807"#), (#""p": 1,"#, #""p": 0,"#),
    (#""p": 1,"#, #""p": 1000000,"#), (#""p": 1,"#, #""p": 9223372036854775807,"#),
    (#""518504bc88f30fb291cd7a5f4bb0918d""#, #""""#), (#""mac""#, #""mac1""#),
    ("b1b5e15cfbadb811086c882b5bcbe580", "b1b5e15cfbadb811086c882b5bcbe5"),
    ("33775", "3377"), ("33775", "3377500"), (#""version": 3}"#, ""), (#", "version": 3"#, ""),
    ("crypto", "cryptid"), ("f39Fd6", "zzzzzz"),
  ])
  func `calls a file corrupt that has something out of bounds`(old: String, new: String) throws {
    let text = Self.files[0].json.replacing(old, with: new)
    #expect(text != Self.files[0].json)
    let error = #expect(throws: KeyStoreError.self) { try EncryptedKey(json: Array(text.utf8)) }
    guard case .corrupt = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [
    (#""version": 3"#, #""version": 1"#), ("aes-128-ctr", "aes-128-cbc"),
    (#""scrypt""#, #""argon2""#), (#""dklen": 32"#, #""dklen": 16"#),
    (#""dklen": 32"#, #""dklen": 1000000000"#),
  ])
  func `says what it does not support`(old: String, new: String) throws {
    let text = Self.files[0].json.replacing(old, with: new)
    let error = #expect(throws: KeyStoreError.self) { try EncryptedKey(json: Array(text.utf8)) }
    guard case .unsupported = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `refuses a file that is too large before it reads it`() {
    #expect(throws: KeyStoreError.corrupt("it has 65537 bytes, more than 65536")) {
      try EncryptedKey(json: [UInt8](repeating: 0x20, count: 65_537))
    }
  }
}
