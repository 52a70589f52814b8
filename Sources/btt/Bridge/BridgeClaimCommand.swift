internal import ArgumentParser
internal import Bridge
internal import ChainTypes
internal import JSON
internal import Keys
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge claim`.
struct BridgeClaimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claim",
    abstract: "Have a withdrawal paid on its root chain.",
    discussion: """
      Takes the transaction that burned the money on the sidechain. Anybody can claim: the \
      receiver is paid, and who claims pays the gas. What was paid already is told and left alone.

      EXAMPLE
        btt bridge claim 0x91bc… --root-rpc http://127.0.0.1:9545 --devnet
      """)

  @Argument(help: "The transaction that burned it.", transform: Arguments.hash)
  var transaction: Hash256

  @OptionGroup(title: "Root chain") var root: RootOptions
  @OptionGroup(title: "Whose key") var signer: SignerOptions
  @OptionGroup(title: "Node") var rpc: RPCOptions
  @OptionGroup var output: OutputOptions

  private struct Claim {
    var index: UInt64
    var manager: Address
    var chainID: UInt64
    var call: [UInt8]?
  }

  func run() async throws {
    let key = try signer.key()
    let claims = try await rpc.withClient { client in
      try await BridgeNode(client: client).call(
        "btt_bridgeClaims", [.string(transaction.hex)]
      ).arrayValue?.filter { $0["root"]?.stringValue == root.root.name }.map(Self.read) ?? []
    }
    guard !claims.isEmpty else {
      throw CommandFailure(
        .notFound, "transaction \(transaction) withdrew nothing to \(root.root)",
        next: "check the hash, or name another root chain with --root")
    }
    try await root.withClient { client in
      var done: [JSONValue] = []
      var lines: [String] = []
      for claim in claims {
        let (state, hash) = try await pay(claim, client, key)
        var entry: JSONObject = ["index": JSONValue(claim.index), "state": .string(state)]
        if let hash { entry["transaction"] = .string(hash.hex) }
        done.append(.object(entry))
        lines.append("withdrawal \(claim.index): \(state)" + (hash.map { "  \($0)" } ?? ""))
      }
      output.print(["claims": .array(done)], text: lines.joined(separator: "\n"))
    }
  }

  private func pay(
    _ claim: Claim, _ client: JSONRPCClient, _ key: PrivateKey
  ) async throws -> (String, Hash256?) {
    let sender = BridgeSender(client: client, key: key, chainID: claim.chainID)
    let isSpent = RootContracts.isSpent
    func spent() async throws -> Bool {
      var values = Values(
        try await sender.view(claim.manager, isSpent, [.uint(UInt256(claim.index))]))
      return try values.bool()
    }
    if try await spent() { return ("paid before", nil) }
    guard let call = claim.call else {
      throw CommandFailure(
        .notFound, "no checkpoint on \(root.root) covers withdrawal \(claim.index) yet",
        next: "btt bridge status \(transaction) tells how far it is")
    }
    let hash = try await sender.send("the claim", to: claim.manager, call).hash
    return try await spent()
      ? ("paid", hash)
      : ("noted: above the day's limit of its token, it can be claimed again in 24 hours", hash)
  }

  private static func read(_ value: JSONValue) throws -> Claim {
    guard let object = value.objectValue, let index = object["index"]?.uint64Value,
      let chainID = object["chainId"]?.uint64Value
    else { throw CommandFailure(.badReply, "the node's list of claims is malformed") }
    do throws(RPCValueError) {
      return Claim(
        index: index, manager: try object.required("manager", .address), chainID: chainID,
        call: try object.optional("call", .data))
    } catch {
      throw CommandFailure(.badReply, "the node's list of claims is malformed: \(error)")
    }
  }
}
