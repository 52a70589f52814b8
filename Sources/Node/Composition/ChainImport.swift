internal import ChainTypes
public import Ledger

/// Takes the blocks of a chain file into a chain, checking each as if a peer had sent it.
public enum ChainImport {
  /// Imports what the chain does not have yet.
  ///
  /// - Parameters:
  ///   - reader: the file.
  ///   - chain: the chain, of the same genesis.
  ///   - progress: told the height now and then.
  /// - Returns: the number of blocks taken in.
  /// - Throws: `NodeError` for damage of the file or a block that differs from one the chain has;
  ///   `LedgerError` for a block that does not hold; `StoreError`.
  public static func run(
    _ reader: ChainFile.Reader, into chain: Chain, progress: (UInt64) -> Void = { _ in }
  ) throws -> UInt64 {
    let genesis = try Genesis(json: reader.genesis)
    guard genesis.parametersHash == chain.genesis.parametersHash else {
      throw NodeError(
        .file,
        "the file is of another chain (\(genesis.name), chain id \(genesis.chainID)) than the data "
          + "directory (\(chain.genesis.name), chain id \(chain.genesis.chainID))")
    }
    var count: UInt64 = 0
    // The senders of the next block are recovered while one is executed and written.
    var ahead = try next(reader, for: chain)
    while let (sealed, senders) = ahead {
      ahead = try next(reader, for: chain)
      // A block is never from the future here: whoever exported it had it.
      let header = sealed.block.header
      let prepared = try chain.prepare(
        sealed, now: header.timestamp, senders: try senders.wait())
      count += 1
      // What is lost by a crash in between is imported again; what is reported is on the disk.
      try chain.commit(
        prepared, seal: sealed.seal, sync: ahead == nil || count % 256 == 0)
      if count % 1_000 == 0 { progress(header.number) }
    }
    return count
  }

  /// The next block of the file that the chain does not have.
  private static func next(
    _ reader: ChainFile.Reader, for chain: Chain
  ) throws -> (SealedBlock, SenderLookahead)? {
    while let sealed = try reader.next() {
      let header = sealed.block.header
      if header.number > chain.view.head.number { return (sealed, SenderLookahead(sealed)) }
      guard try chain.view.hash(header.number) == header.hash else {
        throw NodeError(
          .file,
          "block \(header.number) of the file is not the one that the chain has: import into a new "
            + "data directory, and compare the two with another node")
      }
    }
    return nil
  }
}
