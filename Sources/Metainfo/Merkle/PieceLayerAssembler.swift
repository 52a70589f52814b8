public import Primitives

/// Puts one file's piece layer together from answers of peers, each proven on its own.
///
/// ```swift
/// while let range = assembler.nextRange() { … ask a peer … }
/// if assembler.accept(range, answer), let hashes = assembler.finished { … }
/// ```
public struct PieceLayerAssembler: Sendable {
  /// The file's root.
  public let root: Hash256
  private let height: Int
  private let pieceLayer: Int
  private let count: Int
  private var hashes: [UInt8]
  private var missing: Set<Int>
  private var asked: Set<Int> = []

  /// An assembler for a file that has a piece layer; nil for one that has none.
  public init?(file: TorrentFile, of info: TorrentInfo) {
    guard let root = file.piecesRoot, info.hasLayer(file) else { return nil }
    self.root = root
    height = info.treeHeight(of: file)
    pieceLayer = info.pieceLayer
    count = info.layout.pieces(of: file).count
    hashes = [UInt8](repeating: 0, count: count * 32)
    missing = Set(stride(from: 0, to: count, by: MerkleRange.lengthLimit))
  }

  /// The next range to ask for, or nil when all are known or asked for.
  public mutating func nextRange() -> MerkleRange? {
    guard let index = missing.subtracting(asked).min() else { return nil }
    asked.insert(index)
    return range(at: index)
  }

  /// A range will not be answered: it can be asked for again.
  public mutating func fail(_ range: MerkleRange) { asked.remove(range.index) }

  /// Takes an answer.
  ///
  /// False means that no such range was asked for, or that the answer is not proven, which is the
  /// peer's fault. The range can then be asked for again.
  public mutating func accept(_ range: MerkleRange, _ answer: some Collection<UInt8>) -> Bool {
    guard asked.contains(range.index), range == self.range(at: range.index) else { return false }
    asked.remove(range.index)
    guard range.isProven(by: answer, root: root, height: height) else { return false }
    let wanted = min(range.length, count - range.index) * 32
    hashes.replaceSubrange(
      range.index * 32..<range.index * 32 + wanted, with: answer.prefix(wanted))
    missing.remove(range.index)
    return true
  }

  /// The layer, once it is whole.
  public var finished: [UInt8]? { missing.isEmpty ? hashes : nil }

  private func range(at index: Int) -> MerkleRange {
    let width = count.roundedUpToPowerOfTwo
    return MerkleRange(
      baseLayer: pieceLayer, index: index, length: min(MerkleRange.lengthLimit, width),
      proofLayers: height - pieceLayer - 1)
  }
}
