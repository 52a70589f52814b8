internal import ArgumentParser
internal import Bridge
internal import ChainTypes
internal import JSON
internal import Keys
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge deposit`.
struct BridgeDeposit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deposit",
    abstract: "Lock BTT, ether or a token on a root chain for somebody on the sidechain.",
    discussion: """
      The contracts are those that the sidechain's genesis names, as the node at --rpc tells. A \
      token's allowance is raised first where it is too low. Amounts are in whole tokens.

      EXAMPLE
        btt bridge deposit 100 --root-rpc http://127.0.0.1:9545 --devnet --wait
        btt bridge deposit 0.5 --token ether --to 0x7099…79C8 --keystore ./keys --yes
      """)

  @Argument(help: "How much, in tokens: 1.5.")
  var amount: String

  @Option(
    help: ArgumentHelp("What: btt (default), ether, or a token's address.", valueName: "token"))
  var token = "btt"

  @Option(
    help: ArgumentHelp(
      "Who is credited on the sidechain (default: the sender).", valueName: "address"),
    transform: Arguments.address)
  var to: Address?

  @OptionGroup(title: "Root chain") var root: RootOptions
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var waiting: WaitOptions
  @Flag(name: .shortAndLong, help: "Do not ask before sending.")
  var yes = false
  @OptionGroup var output: OutputOptions

  func run() async throws {
    guard yes || Terminal.isInteractive else {
      throw CommandFailure(
        .usage, "there is no terminal to ask whether to send", next: "add --yes to send unasked")
    }
    let key = try signer.key()
    try await rpc.withClient { client in
      let node = BridgeNode(client: client)
      let contracts = try await node.root(root.root)
      let hash = try await root.withClient { rootClient in
        let sender = BridgeSender(client: rootClient, key: key, chainID: contracts.chainID)
        return try await deposit(sender, contracts)
      }
      try await report(hash, node)
    }
  }

  private func deposit(
    _ sender: BridgeSender, _ contracts: BridgeNode.Root
  ) async throws -> Hash256 {
    let user = to ?? sender.key.address
    if token == "ether" {
      let wei = try TokenAmount.parse(amount, decimals: 18)
      try confirm("\(amount) of \(root.root)'s coin", user)
      return try await sender.send(
        "the deposit", to: contracts.manager,
        try RootContracts.depositEtherFor.encodeCall([.address(user)]), value: wei
      ).hash
    }
    let address = token == "btt" ? contracts.btt : try Address(checksummed: token)
    var decimals = Values(try await sender.view(address, RootContracts.decimals))
    let units = try TokenAmount.parse(
      amount, decimals: UInt8(truncatingIfNeeded: try decimals.uint64()))
    var balance = Values(
      try await sender.view(address, RootContracts.balanceOf, [.address(sender.key.address)]))
    guard try balance.uint256() >= units else {
      throw CommandFailure(
        .insufficientFunds, "\(sender.key.address) has less than \(amount) of the token \(address)",
        next: "deposit less, or get some on \(root.root)")
    }
    try confirm("\(amount) of the token \(address)", user)
    var allowance = Values(
      try await sender.view(
        address, RootContracts.allowance,
        [.address(sender.key.address), .address(contracts.manager)]))
    let allowed = try allowance.uint256()
    if allowed < units {
      // Some tokens refuse to change an allowance that is neither zero nor becomes so.
      if !allowed.isZero {
        _ = try await sender.send(
          "the end of the old allowance", to: address,
          try RootContracts.approve.encodeCall([.address(contracts.manager), .uint(.zero)]))
      }
      _ = try await sender.send(
        "the allowance", to: address,
        try RootContracts.approve.encodeCall([.address(contracts.manager), .uint(units)]))
    }
    return try await sender.send(
      "the deposit", to: contracts.manager,
      try RootContracts.depositFor.encodeCall([
        .address(user), .address(address), .bytes(units.word.bytes),
      ])
    ).hash
  }

  private func confirm(_ what: String, _ user: Address) throws {
    if yes { return }
    Output.note("deposit \(what) for \(user) on the sidechain")
    guard Terminal.confirm("Send?") else {
      throw CommandFailure(.cancelled, "cancelled: nothing was sent")
    }
  }

  private func report(_ hash: Hash256, _ node: BridgeNode) async throws {
    guard waiting.wait else {
      return output.print(
        ["transaction": .string(hash.hex), "root": .string(root.root.name)],
        text: "\(hash.hex)\nIt takes until the block is final: btt bridge status \(hash.hex)")
    }
    let json = output.asJSON
    let transfers = try await BridgeProgress(
      node: node, transaction: hash, timeout: waiting.waitTimeout
    ) { if !json { Output.note($0) } }.wait(until: "credited")
    output.print(
      [
        "transaction": .string(hash.hex), "root": .string(root.root.name),
        "transfers": .array(transfers.map { .object($0) }),
      ], text: BridgeProgress.text(transfers))
    if transfers.contains(where: BridgeProgress.isStuck) {
      throw CommandFailure(
        .failed, "the deposit was proven and could not be credited",
        next: "btt bridge status \(hash.hex) tells why; after seven days it goes back")
    }
  }
}
