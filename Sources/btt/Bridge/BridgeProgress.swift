internal import ArgumentParser
internal import Foundation
internal import JSON
internal import Primitives

/// Waits for a transfer, and tells of each stage as it is reached.
struct BridgeProgress {
  let node: BridgeNode
  let transaction: Hash256
  let timeout: Int
  let tell: (String) -> Void

  /// Looks until every transfer of the transaction has reached a stage; gives the last look.
  func wait(until stage: String) async throws -> [JSONObject] {
    try await wait { Self.reached(stage, $0) }
  }

  /// Looks until every transfer of the transaction is as wanted, or can never be.
  func wait(until isWanted: (JSONObject) -> Bool) async throws -> [JSONObject] {
    let begin = ContinuousClock.now
    var told: Set<String> = []
    while true {
      var transfers: [JSONObject] = []
      do {
        transfers = try await node.status(transaction)
      } catch let failure as CommandFailure
        where failure.code == .notFound || failure.nodeCode == BridgeNode.busy
      {
        // The node's endpoints may not show the block yet, or it is asked too often just now.
      }
      for transfer in transfers { tellNews(transfer, &told) }
      let isDone =
        !transfers.isEmpty
        && transfers.allSatisfy { isWanted($0) || Self.isStuck($0) }
      if isDone { return transfers }
      guard ContinuousClock.now - begin < .seconds(timeout) else {
        throw CommandFailure(
          .timeout, "transaction \(transaction) has not arrived within \(timeout) s",
          next: "it goes on without this command: btt bridge status \(transaction)")
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  private func tellNews(_ transfer: JSONObject, _ told: inout Set<String>) {
    let number = Self.number(transfer)
    for stage in transfer["stages"]?.arrayValue ?? [] where stage["done"]?.boolValue == true {
      let name = stage["stage"]?.stringValue ?? ""
      if told.insert("\(number) \(name)").inserted {
        tell("\(Self.time(stage))  \(name)")
      }
    }
  }

  static func number(_ transfer: JSONObject) -> String {
    (transfer["id"] ?? transfer["index"])?.numberText ?? "?"
  }

  /// Whether a stage is done.
  static func reached(_ name: String, _ transfer: JSONObject) -> Bool {
    transfer["stages"]?.arrayValue?.contains {
      $0["stage"]?.stringValue == name && $0["done"]?.boolValue == true
    } ?? false
  }

  /// Whether a message was taken and came to nothing, or never can be: no waiting helps.
  static func isStuck(_ transfer: JSONObject) -> Bool {
    if ["unprovable", "superseded"].contains(transfer["outcome"]?.stringValue) { return true }
    return reached("proven", transfer) && !reached("credited", transfer)
  }

  /// A stage's time, or what stands for it.
  static func time(_ stage: JSONValue) -> String {
    guard let seconds = stage["time"]?.uint64Value else { return "                    " }
    return Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
  }

  /// All of it for people.
  static func text(_ transfers: [JSONObject]) -> String {
    transfers.map { transfer in
      var rows = [
        (
          "transfer",
          "\(transfer["direction"]?.stringValue ?? "") \(number(transfer)), "
            + "\(transfer["root"]?.stringValue ?? "")"
        )
      ]
      if let amount = transfer["amount"]?.stringValue { rows.append(("amount", "\(amount) units")) }
      if let receiver = transfer["receiver"]?.stringValue { rows.append(("receiver", receiver)) }
      if let token = transfer["rootToken"]?.stringValue { rows.append(("root token", token)) }
      for stage in transfer["stages"]?.arrayValue ?? [] {
        let isDone = stage["done"]?.boolValue == true
        rows.append(
          (stage["stage"]?.stringValue ?? "", isDone ? "done  \(time(stage))" : "-"))
      }
      if let note = transfer["note"]?.stringValue { rows.append(("note", note)) }
      if let seconds = transfer["estimateSeconds"]?.numberText {
        rows.append(("done in about", "\(seconds) s"))
      }
      return Output.table(rows)
    }.joined(separator: "\n\n")
  }
}

/// Whether a command waits, and for how long.
struct WaitOptions: ParsableArguments {
  @Flag(help: "Wait until it has arrived, and tell of each stage.")
  var wait = false

  @Option(help: ArgumentHelp("Seconds to wait.", valueName: "seconds"))
  var waitTimeout = 1_800

  func validate() throws {
    guard (1...604_800).contains(waitTimeout) else {
      throw ValidationError("--wait-timeout is a number of seconds from 1 to 604800")
    }
  }
}
