/// The files of a torrent that are wanted, by their numbers from 0 (`so=` of a magnet link,
/// BEP 53).
public struct FileSelection: Hashable, Sendable {
  /// Ranges beyond this many are refused.
  public static let rangeLimit = 1000

  /// The numbers, as ranges that rise and do not touch.
  public private(set) var ranges: [ClosedRange<Int>] = []

  /// A selection of those ranges.
  public init(_ ranges: [ClosedRange<Int>]) {
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard let last = self.ranges.last, range.lowerBound <= last.upperBound &+ 1 else {
        self.ranges.append(range)
        continue
      }
      self.ranges[self.ranges.count - 1] =
        last.lowerBound...max(last.upperBound, range.upperBound)
    }
  }

  /// Reads `0,2,4,6-8`, or nil if the text is anything else.
  public init?(_ text: some StringProtocol) {
    let parts = String(text).split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= Self.rangeLimit else { return nil }
    var ranges: [ClosedRange<Int>] = []
    for part in parts {
      let bounds = part.split(separator: "-", omittingEmptySubsequences: false)
      guard bounds.count <= 2, let first = bounds.first.flatMap(Self.number),
        let last = bounds.last.flatMap(Self.number), first <= last
      else { return nil }
      ranges.append(first...last)
    }
    self.init(ranges)
  }

  private static func number(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.count <= 9 else {
      return nil
    }
    return Int(text)
  }

  /// Whether the file with that number is selected.
  public func contains(_ number: Int) -> Bool { ranges.contains { $0.contains(number) } }
}

extension FileSelection: CustomStringConvertible {
  /// The form that a magnet link has, as `0,2,4,6-8`.
  public var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

extension TorrentInfo {
  /// The indices in ``files`` by the numbers that people and magnet links give to files.
  ///
  /// A v1 torrent's files are numbered as they are listed. With a v2 side it is the file tree that
  /// counts, which has no pads: so the numbers of a hybrid are the same for those who know only one
  /// side of it.
  public var numberedFiles: [Int] {
    hasV2 ? files.indices.filter { !files[$0].isPad } : Array(files.indices)
  }

  /// The indices in ``files`` that a selection means; numbers beyond the last mean nothing.
  public func files(selectedBy selection: FileSelection) -> [Int] {
    let numbered = numberedFiles
    return selection.ranges.flatMap { range in
      numbered[min(range.lowerBound, numbered.count)..<min(range.upperBound &+ 1, numbered.count)]
    }
  }
}
