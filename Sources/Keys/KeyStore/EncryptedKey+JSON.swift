internal import JSON
internal import Primitives

extension EncryptedKey {
  /// The most bytes a key file may have; real ones have about 500.
  public static let maximumFileSize = 64 * 1024

  /// Reads the text of a key file.
  public init(json text: [UInt8]) throws(KeyStoreError) {
    guard text.count <= Self.maximumFileSize else {
      throw .corrupt("it has \(text.count) bytes, more than \(Self.maximumFileSize)")
    }
    let file: JSONValue
    do {
      file = try JSONValue.parse(text, limits: JSONLimits(maximumDepth: 8, maximumValues: 256))
    } catch {
      throw .corrupt("\(error)")
    }
    guard let version = file["version"] else { throw .corrupt("it has no version") }
    guard version.intValue == 3 else { throw .unsupported("it is not of version 3") }
    guard let crypto = file["crypto"] ?? file["Crypto"] else {
      throw .corrupt("it has no crypto section")
    }
    guard crypto["cipher"]?.stringValue == "aes-128-ctr" else {
      throw .unsupported("its cipher is not aes-128-ctr")
    }
    let ciphertext = try Self.bytes(crypto, "ciphertext", 1...32)
    let iv = try Self.bytes(crypto["cipherparams"], "iv", 16...16)
    let mac = try Self.bytes(crypto, "mac", 32...32)

    var address: Address?
    if let field = file["address"], !field.isNull, field != "" {
      guard let text = field.stringValue, let value = try? Address(hex: text) else {
        throw .corrupt("its address is not one")
      }
      address = value
    }
    self.init(
      address: address, id: file["id"]?.stringValue, derivation: try Self.derivation(crypto),
      iv: iv, ciphertext: ciphertext, mac: mac)
  }

  private static func derivation(_ crypto: JSONValue) throws(KeyStoreError) -> KeyDerivation {
    guard let parameters = crypto["kdfparams"] else { throw .corrupt("it has no kdfparams") }
    let salt = try bytes(parameters, "salt", 1...KeyDerivation.maximumSalt)
    guard parameters["dklen"]?.intValue == KeyDerivation.keyLength else {
      throw .unsupported("its dklen is not \(KeyDerivation.keyLength)")
    }
    let derivation: KeyDerivation?
    switch crypto["kdf"]?.stringValue {
    case "scrypt":
      derivation = .scrypt(
        checkedN: parameters["n"]?.intValue ?? 0, r: parameters["r"]?.intValue ?? 0,
        p: parameters["p"]?.intValue ?? 0, salt: salt)
    case "pbkdf2":
      guard parameters["prf"]?.stringValue == "hmac-sha256" else {
        throw .unsupported("its prf is not hmac-sha256")
      }
      derivation = .pbkdf2(checkedRounds: parameters["c"]?.intValue ?? 0, salt: salt)
    default:
      throw .unsupported("its kdf is neither scrypt nor pbkdf2")
    }
    guard let derivation else { throw .corrupt("its kdfparams are out of bounds") }
    return derivation
  }

  private static func bytes(
    _ object: JSONValue?, _ key: String, _ counts: ClosedRange<Int>
  ) throws(KeyStoreError) -> [UInt8] {
    guard let text = object?[key]?.stringValue, let bytes = try? Hex.decode(text),
      counts.contains(bytes.count)
    else { throw .corrupt("its \(key) is missing, not hexadecimal or of a wrong length") }
    return bytes
  }

  /// The text of a key file.
  public var json: [UInt8] {
    func hex(_ bytes: [UInt8]) -> JSONValue { .string(Hex.encode(bytes, prefix: false)) }
    let kdf: JSONValue
    let parameters: JSONValue
    switch derivation {
    case .scrypt(let n, let r, let p, let salt):
      kdf = "scrypt"
      parameters = [
        "dklen": JSONValue(KeyDerivation.keyLength), "n": JSONValue(n), "p": JSONValue(p),
        "r": JSONValue(r), "salt": hex(salt),
      ]
    case .pbkdf2(let rounds, let salt):
      kdf = "pbkdf2"
      parameters = [
        "c": JSONValue(rounds), "dklen": JSONValue(KeyDerivation.keyLength),
        "prf": "hmac-sha256", "salt": hex(salt),
      ]
    }
    var file = JSONObject()
    if let address { file["address"] = hex(address.bytes) }
    file["crypto"] = [
      "cipher": "aes-128-ctr", "ciphertext": hex(ciphertext), "cipherparams": ["iv": hex(iv)],
      "kdf": kdf, "kdfparams": parameters, "mac": hex(mac),
    ]
    if let id { file["id"] = .string(id) }
    file["version"] = 3
    return JSONValue.object(file).serialized
  }
}
