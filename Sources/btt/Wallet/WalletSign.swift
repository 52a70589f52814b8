internal import ArgumentParser
internal import JSON
internal import Keys
internal import Primitives

/// The command `btt wallet sign`.
struct WalletSign: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a message, typed data or a digest.",
    discussion: """
      EXAMPLE
        btt wallet sign --message "It's me" --from 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
        btt wallet sign --typed-data permit.json --password-file secret.txt --json
      """)

  @OptionGroup(title: "What to sign") var payload: PayloadOptions
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let (kind, digest) = try payload.digest()
    let key = try signer.key()
    let signature = try key.sign(digest)
    output.print(
      [
        "address": .string(key.address.checksummed), "kind": .string(kind),
        "digest": .string(digest.hex), "signature": .string(signature.description),
      ], text: signature.description)
  }
}
