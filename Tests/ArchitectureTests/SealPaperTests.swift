import ChainTypes
import Keys
import Primitives
import Testing

@Suite("Specification of the seal")
struct SealPaperTests {
  let vector: [String: String]

  init() throws {
    vector = Dictionary(
      try Papers.rows("docs/specs/seal.md").filter { $0.count == 2 }.map { ($0[0], $0[1]) },
      uniquingKeysWith: { first, _ in first })
  }

  @Test("The code makes and reads the seal of the vector")
  func vectorHolds() throws {
    let chainID = try #require(vector["chain id"].flatMap { UInt64($0) })
    let height = try #require(vector["height"].flatMap { UInt64($0) })
    let blockHash = try Hash256(hex: try #require(vector["block hash"]))
    let key = try PrivateKey(hex: try #require(vector["private key"]))
    #expect(key.address.checksummed == vector["address"])
    #expect(
      BlockSeal.digest(chainID: chainID, height: height, blockHash: blockHash).hex
        == vector["digest"])
    let seal = try BlockSeal(chainID: chainID, height: height, blockHash: blockHash, key: key)
    #expect(seal.signature.description == vector["seal"])
    #expect(
      try seal.recoverSigner(chainID: chainID, height: height, blockHash: blockHash)
        == key.address)
  }
}
