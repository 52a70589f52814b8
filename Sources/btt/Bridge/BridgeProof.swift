internal import ArgumentParser
internal import ChainTypes
internal import Foundation
internal import JSON
internal import LedgerRPC
internal import Primitives

/// The command `btt bridge proof`.
struct BridgeProof: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proof",
    abstract: "Print the proof of a deposit as JSON.",
    discussion: """
      It holds the root chain's header, the trie nodes down to the receipt, and which log of it \
      the deposit is: all that the sidechain asks for. Of a transaction with several messages, an \
      array.

      EXAMPLE
        btt bridge proof 0x5f1a… > proof.json
        btt bridge verify proof.json --genesis genesis.json
      """)

  @Argument(help: "The root chain's transaction.", transform: Arguments.hash)
  var transaction: Hash256

  @OptionGroup(title: "Node") var rpc: RPCOptions

  func run() async throws {
    try await rpc.withClient { client in
      let proofs =
        try await BridgeNode(client: client)
        .call("btt_bridgeProof", [.string(transaction.hex)]).arrayValue ?? []
      guard let first = proofs.first else {
        throw CommandFailure(.badReply, "the node gives no proof of \(transaction)")
      }
      Output.write((proofs.count == 1 ? first : .array(proofs)).prettyPrinted)
    }
  }
}

/// The command `btt bridge verify`.
struct BridgeVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a deposit's proof without asking anybody.",
    discussion: """
      The proof shows that a block with the printed hash contains the message. Whether the root \
      chain has such a block is the one thing left to find out: compare the hash with any explorer, \
      or give the one you know with --block-hash.

      EXAMPLE
        btt bridge verify proof.json --genesis genesis.json
        btt bridge verify proof.json --state-sender 0x5FbD…0aa3 --block-hash 0x88e9…
      """)

  @Argument(
    help: ArgumentHelp("File with the proof; - for standard input.", valueName: "file"),
    completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "The sidechain's genesis file, which names the state sender.", valueName: "file"),
    completion: .file())
  var genesis: String?

  @Option(
    help: ArgumentHelp("The contract that must have emitted the message.", valueName: "address"),
    transform: Arguments.address)
  var stateSender: Address?

  @Option(
    help: ArgumentHelp("The hash that the root chain's block must have.", valueName: "hash"),
    transform: Arguments.hash)
  var blockHash: Hash256?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (genesis == nil) != (stateSender == nil) else {
      throw ValidationError("give either --genesis or --state-sender")
    }
  }

  func run() throws {
    let value = try JSONValue.parse(try Files.read(file, limit: 16 << 20))
    var results: [JSONValue] = []
    var texts: [String] = []
    for item in value.arrayValue ?? [value] {
      let proof = try DepositProof(json: item)
      let content = try proof.verified(stateSender: try sender(of: proof))
      if let blockHash, content.header.hash != blockHash {
        throw CommandFailure(
          .untrusted,
          "the proof is of block \(content.header.hash), not of \(blockHash): it proves nothing "
            + "about the block you know", next: "get the proof anew")
      }
      let (json, rows) = describe(proof, content)
      results.append(.object(json))
      texts.append(Output.table(rows))
    }
    output.print(["proofs": .array(results)], text: texts.joined(separator: "\n\n"))
  }

  private func sender(of proof: DepositProof) throws -> Address {
    if let stateSender { return stateSender }
    guard let genesis else { return .zero }
    let rules = try Genesis(json: try Files.read(genesis, limit: 64 << 20)).bridge
    guard let root = rules?.root(proof.rootID) else {
      throw CommandFailure(
        .untrusted, "the genesis file names no root chain with the id \(proof.rootID)",
        next: "check that proof and genesis belong together")
    }
    return root.stateSender
  }

  private func describe(
    _ proof: DepositProof, _ content: DepositProof.Content
  ) -> (JSONObject, [(String, String)]) {
    let header = content.header
    let time = Date(timeIntervalSince1970: Double(header.timestamp)).formatted(.iso8601)
    var json: JSONObject = [
      "valid": true, "rootId": JSONValue(proof.rootID), "id": JSONValue(content.message.id),
      "blockNumber": JSONValue(header.number), "blockHash": .string(header.hash.hex),
      "timestamp": JSONValue(header.timestamp),
    ]
    var rows = [
      ("proof", "valid"), ("message", "\(content.message.id) of root chain \(proof.rootID)"),
      ("block", "\(header.number)"), ("block hash", header.hash.hex), ("time", time),
    ]
    switch try? StateMessage(decoding: content.message.data) {
    case .deposit(let deposit):
      json["user"] = .string(deposit.user.checksummed)
      json["rootToken"] = .string(deposit.rootToken.checksummed)
      json["amount"] = .string(deposit.amount.description)
      json["depositor"] = .string(deposit.depositor.checksummed)
      rows += [
        ("deposit", "\(deposit.amount) units of \(deposit.rootToken)"),
        ("for", "\(deposit.user)"), ("from", "\(deposit.depositor)"),
      ]
    case .mapToken(let mapping):
      json["rootToken"] = .string(mapping.rootToken.checksummed)
      json["childToken"] = .string(mapping.childToken.checksummed)
      rows += [("mapping", "\(mapping.rootToken) to \(mapping.childToken)")]
    case nil: rows.append(("content", "nothing that this version knows"))
    }
    return (json, rows)
  }
}
