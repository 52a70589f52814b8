internal import ArgumentParser

/// The commands that keep keys.
struct Wallet: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keep keys, and sign with them.",
    discussion: """
      Keys lie encrypted, one a file (Web3 Secret Storage version 3, as go-ethereum's), in the \
      directory of --keystore. No secret is taken from the command line, where every user of the \
      machine could read it: passwords and keys come from a prompt, a file or the environment.

      EXAMPLE
        btt wallet new
        btt wallet list
        btt wallet sign --message "It's me" --from 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
      """,
    subcommands: [
      WalletNew.self, WalletImport.self, WalletList.self, WalletShow.self, WalletSign.self,
      WalletVerify.self, WalletExport.self, WalletPassword.self,
    ])
}
