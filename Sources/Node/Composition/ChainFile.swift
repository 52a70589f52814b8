public import ChainTypes
internal import Foundation
public import Ledger
internal import Primitives

/// A chain in one file: its genesis and its sealed blocks, for `btt node export` and `import` and
/// for the state file of a devnet.
///
/// The file is `BTTCHAIN`, a version byte, then frames: four bytes of length, big-endian, that
/// many bytes, and the first four bytes of their Keccak hash. The first frame is the genesis file,
/// the others are RLP of [block, seal], in order of height.
public enum ChainFile {
  private static let magic = Array("BTTCHAIN".utf8) + [1]
  /// The most bytes a frame may have.
  private static let maximumFrame = 256 << 20

  /// Writes the blocks of a view, from 1 to its head, whole or not at all.
  ///
  /// - Parameters:
  ///   - view: what to write.
  ///   - genesis: the genesis file's bytes.
  ///   - path: the file to make or replace.
  /// - Returns: the number of blocks written.
  /// - Throws: `NodeError`, `LedgerError`, `StoreError`.
  @discardableResult
  public static func write(
    _ view: ChainView, genesis: [UInt8], to path: String
  ) throws -> UInt64 {
    let temporary = path + ".new"
    guard FileManager.default.createFile(atPath: temporary, contents: Data(magic)) else {
      throw NodeError(.file, "cannot write \(temporary): check the directory and the disk")
    }
    do {
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
      try handle.seekToEnd()
      var buffer = frame(genesis)
      for number in stride(from: UInt64(1), through: view.head.number, by: 1) {
        guard let sealed = try view.sealedBlock(number) else { break }
        buffer += frame(sealed.encoded)
        if buffer.count > 4 << 20 {
          try handle.write(contentsOf: buffer)
          buffer.removeAll(keepingCapacity: true)
        }
      }
      try handle.write(contentsOf: buffer)
      try handle.synchronize()
      try handle.close()
      guard rename(temporary, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch let error as CocoaError {
      unlink(temporary)
      throw NodeError(.file, "cannot write \(path): \(error.localizedDescription)")
    } catch {
      unlink(temporary)
      throw error
    }
    return view.head.number
  }

  private static func frame(_ bytes: [UInt8]) -> [UInt8] {
    let length = UInt32(truncatingIfNeeded: bytes.count)
    return [
      UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255),
    ] + bytes + Keccak256.hash(bytes).bytes.prefix(4)
  }

  /// Reads a file frame by frame.
  public final class Reader {
    private let path: String
    private let handle: FileHandle
    private var index = 0
    /// The genesis file's bytes.
    public private(set) var genesis: [UInt8] = []

    /// Opens a file and reads its genesis.
    ///
    /// - Throws: `NodeError`.
    public init(path: String) throws(NodeError) {
      self.path = path
      do { handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)) } catch {
        throw NodeError(.file, "cannot read \(path): \(error.localizedDescription)")
      }
      guard try bytes(ChainFile.magic.count) == ChainFile.magic else {
        throw NodeError(.file, "\(path) is no file of `btt node export`")
      }
      guard let first = try frame() else {
        throw NodeError(.file, "\(path) ends before its genesis")
      }
      genesis = first
    }

    /// The next block, or nil at the end.
    ///
    /// - Throws: `NodeError` for damage.
    public func next() throws(NodeError) -> SealedBlock? {
      guard let bytes = try frame() else { return nil }
      do throws(BlockError) { return try SealedBlock(decoding: bytes) } catch {
        throw NodeError(.file, "\(path): block \(index - 1): \(error)")
      }
    }

    private func frame() throws(NodeError) -> [UInt8]? {
      let header = try bytes(4)
      if header.isEmpty { return nil }
      let length = header.reduce(0) { $0 << 8 | Int($1) }
      guard header.count == 4, length <= ChainFile.maximumFrame else { throw damaged }
      let content = try bytes(length)
      let check = try bytes(4)
      guard content.count == length, check.elementsEqual(Keccak256.hash(content).bytes.prefix(4))
      else { throw damaged }
      index += 1
      return content
    }

    private var damaged: NodeError {
      NodeError(
        .file,
        "\(path) is damaged or cut short at frame \(index): what came before it was read; export "
          + "it again")
    }

    private func bytes(_ count: Int) throws(NodeError) -> [UInt8] {
      do { return [UInt8](try handle.read(upToCount: count) ?? Data()) } catch {
        throw NodeError(.file, "cannot read \(path): \(error.localizedDescription)")
      }
    }
  }
}
