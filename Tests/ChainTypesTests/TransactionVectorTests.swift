import ChainTypes
import Foundation
import Primitives
import TestSupport
import Testing

/// ethereum/tests, TransactionTests, the results for Cancun.
@Suite(
  "Transactions of ethereum/tests",
  .enabled(if: Vectors.available("ethereum/TransactionTests"), Vectors.absent))
struct TransactionVectorTests {
  /// Valid by its form, but its cost is above 2^256 wei: geth refuses it when it sees that no
  /// account can pay, this chain already when it decodes it.
  static let unpayable: Set<String> = ["TransactionWithHighValue"]

  @Test(
    "are taken or refused as Cancun does",
    arguments: Vectors.files(below: "ethereum/TransactionTests"))
  func vectors(_ file: URL) throws {
    let root = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: [String: Any]])
    for (name, test) in root {
      let results = try #require(test["result"] as? [String: [String: Any]])
      // Some of the wrong RLP is as old as RLP: its file stops at an earlier fork.
      let want = try #require(results["Cancun"] ?? results["Shanghai"] ?? results["London"])
      let text = try #require(test["txbytes"] as? String)
      let decoded = Result { try SignedTransaction(decoding: try Hex.decode(text)) }
      if Self.unpayable.contains(name) {
        #expect(throws: TransactionError.costOverflow) { try decoded.get() }
      } else if let hash = want["hash"] as? String {
        let transaction = try decoded.get()
        #expect(transaction.hash.hex == hash, "\(name)")
        #expect(try transaction.recoverSender().hex == want["sender"] as? String, "\(name)")
        let intrinsic = try #require(want["intrinsicGas"] as? String)
        #expect(
          transaction.transaction.intrinsicGas == UInt64(intrinsic.dropFirst(2), radix: 16),
          "\(name)")
        #expect(Hex.encode(transaction.encoded) == text.lowercased(), "\(name)")
      } else {
        // What is refused for its chain id alone is well formed: the tests are of chain 1.
        let sender = Result {
          let transaction = try decoded.get()
          if let chain = transaction.transaction.chainID, chain != 1 { throw HexError.overflow }
          return try transaction.recoverSender()
        }
        #expect(throws: (any Error).self, "\(name)") { try sender.get() }
      }
    }
  }
}
