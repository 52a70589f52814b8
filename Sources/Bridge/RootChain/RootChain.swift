package import ChainTypes
package import Primitives

/// A block by its number and hash.
package struct RootBlock: Hashable, Sendable {
  package var number: UInt64
  package var hash: Hash256

  package init(number: UInt64, hash: Hash256) {
    self.number = number
    self.hash = hash
  }
}

/// Where endpoints say that a message of the state sender lies: a hint, until it is proven.
package struct MessageHint: Hashable, Sendable {
  package var id: UInt64
  package var block: UInt64
  package var transactionIndex: UInt64
  /// By which users find their deposit; no proof binds it.
  package var transaction: Hash256
  /// Who says so.
  package var endpoints: [String] = []

  package init(id: UInt64, block: UInt64, transactionIndex: UInt64, transaction: Hash256) {
    self.id = id
    self.block = block
    self.transactionIndex = transactionIndex
    self.transaction = transaction
  }
}

/// A root chain as the follower reads it.
///
/// What it gives has been agreed on by several endpoints, or is held against a hash that was;
/// Ethereum and BNB Smart Chain stand behind it, and others can.
package protocol RootChain: Sendable {
  /// Which root chain it is.
  var id: RootID { get }

  /// The chain's own id, for its transactions and its typed data.
  func chainID() async throws(RootChainError) -> UInt64

  /// The newest block that the chain itself never takes back.
  func finalized() async throws(RootChainError) -> RootBlock

  /// The header of the canonical block of a number.
  func header(_ number: UInt64) async throws(RootChainError) -> RootHeader

  /// How many endpoints must agree.
  var quorum: Int { get }

  /// The newest block that a quorum has; it may still be taken back.
  func newest() async throws(RootChainError) -> UInt64

  /// Where endpoints see messages: all that any of them sees.
  func hints(in range: ClosedRange<UInt64>) async throws(RootChainError) -> [MessageHint]

  /// The receipts of a block as its header's root covers them.
  func receipts(of header: RootHeader) async throws(RootChainError) -> [[UInt8]]

  /// The hash of a transaction by its place in a block.
  func transaction(at index: Int, of header: RootHeader) async throws(RootChainError) -> Hash256

  /// How many messages the state sender had numbered at a block.
  func counter(at number: UInt64) async throws(RootChainError) -> UInt64

  /// What a contract answers at a block.
  func call(
    _ contract: Address, _ data: [UInt8], at number: UInt64
  ) async throws(RootChainError) -> [UInt8]

  /// Notes that endpoints have said something of a subject that was proven wrong.
  func complain(about endpoints: Set<String>, _ subject: String)
}

extension RootChain {
  /// What a view of a contract answers at a block.
  package func view(
    _ contract: Address, _ function: ABIFunction, _ arguments: [ABIValue] = [], at number: UInt64
  ) async throws(RootChainError) -> Values {
    let data: [UInt8]
    do throws(ABIError) { data = try function.encodeCall(arguments) } catch {
      throw .unproven("\(function.name): \(error)")
    }
    let output = try await call(contract, data, at: number)
    do throws(ABIError) { return Values(try function.decodeResult(output)) } catch {
      throw .unproven("\(id): \(function.name) of \(contract) answers something else: \(error)")
    }
  }
}

/// The newest thing on which an endpoint said something else than the quorum.
package struct EndpointComplaint: Hashable, Sendable {
  package var endpoint: String
  package var subject: String
  package var at: Duration
}
