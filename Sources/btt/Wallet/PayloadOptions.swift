internal import ArgumentParser
internal import JSON
internal import Keys
internal import Primitives

/// What is signed: exactly one of the options.
struct PayloadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A message (EIP-191), as personal_sign.", valueName: "text"))
  var message: String?

  @Option(
    help: ArgumentHelp("A message of bytes in hex (EIP-191).", valueName: "hex"),
    transform: Arguments.data)
  var messageHex: [UInt8]?

  @Option(
    help: ArgumentHelp(
      "File with typed data (EIP-712), as eth_signTypedData_v4; - is standard input.",
      valueName: "file"),
    completion: .file())
  var typedData: String?

  @Option(
    help: ArgumentHelp(
      "A digest of 32 bytes as it is: sign none that you did not compute.", valueName: "hex"),
    transform: Arguments.hash)
  var hash: Hash256?

  func validate() throws {
    let given = [message != nil, messageHex != nil, typedData != nil, hash != nil]
    guard given.filter(\.self).count == 1 else {
      throw ValidationError(
        "give one of --message, --message-hex, --typed-data and --hash: it is what is signed")
    }
  }

  /// What kind of thing it is, and the digest that the signature covers.
  func digest() throws -> (kind: String, digest: Hash256) {
    if let message { return ("message", EIP191.digest(message)) }
    if let messageHex { return ("message", EIP191.digest(messageHex)) }
    if let typedData {
      return ("typedData", try TypedData(json: Files.read(typedData)).digest)
    }
    return ("hash", hash ?? .zero)
  }
}
