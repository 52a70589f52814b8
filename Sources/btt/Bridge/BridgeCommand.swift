internal import ArgumentParser

/// The command `btt bridge`.
struct BridgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bridge",
    abstract: "Move BTT and tokens between a root chain and the sidechain.",
    discussion: """
      A deposit is locked on the root chain and proven to the sidechain by a node's bridge; a \
      withdrawal is burned here, signed for by the validators in a checkpoint, and claimed on the \
      root chain. Root chains are reached with --root-rpc, the node with --rpc.

      EXAMPLE
        btt bridge deposit 100 --root-rpc http://127.0.0.1:9545 --devnet
        btt bridge status 0x5f1a…
        btt bridge withdraw 25 --devnet --wait
        btt bridge claim 0x91bc… --root-rpc http://127.0.0.1:9545 --devnet
        btt bridge doctor --root-rpc http://127.0.0.1:9545
      """,
    subcommands: [
      BridgeInit.self, BridgeDeposit.self, BridgeWithdraw.self, BridgeClaimCommand.self,
      BridgeStatusCommand.self, BridgeProof.self, BridgeVerify.self, BridgeTokens.self,
      BridgeDoctor.self, BridgePause.self, BridgeResume.self,
    ])
}
