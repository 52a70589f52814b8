internal import ArgumentParser
internal import JSON
internal import Keys
internal import Primitives

/// The command `btt wallet verify`.
struct WalletVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Tell whether an account signed something.",
    discussion: """
      The exit code is 0 when it did, and 1 when another did.

      EXAMPLE
        btt wallet verify 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 \
      --message "It's me" --signature 0x…
      """)

  @Argument(help: "The account.", transform: Arguments.address)
  var address: Address

  @Option(
    help: ArgumentHelp("The signature of 65 bytes.", valueName: "hex"),
    transform: { try Signature(bytes: Hex.decode($0)) })
  var signature: Signature

  @OptionGroup(title: "What was signed") var payload: PayloadOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let signer = try signature.recoverAddress(digest: payload.digest().digest)
    guard signer == address else {
      throw CommandFailure(
        .invalidInput, "the signature is that of \(signer), not of \(address)",
        next: "check that the text is the one that was signed, to the last space")
    }
    output.print(
      ["address": .string(address.checksummed), "valid": true], text: "\(address) signed it")
  }
}
