internal import Crypto
internal import Dispatch
internal import Foundation
internal import Metainfo

/// Making and checking torrents, each beside what all cores hash when nothing is read.
enum TorrentBenchmark {
  static func run(_ settings: Settings, _ report: inout Report) throws {
    let mebibytes = settings.count(1024, quick: 16)
    let scratch = try Scratch()
    let path = scratch.path("payload")
    try write(path, mebibytes: mebibytes)
    let gigabytes = Double(mebibytes << 20) / 1e9
    let rounds = settings.count(5, quick: 1)
    let workers = ProcessInfo.processInfo.activeProcessorCount

    for (name, version) in [("v1", TorrentInfo.Version.v1), ("v2", .v2)] {
      var creator = TorrentCreator()
      creator.version = version
      creator.workers = workers
      let torrent = try creator.create(from: path)
      let count = torrent.info.layout.pieceCount
      let limit = {
        if version == .v1 {
          hash(mebibytes, workers, Insecure.SHA1.self, step: 128 << 10)
        } else {
          hash(mebibytes, workers, SHA256.self, step: PieceLayout.blockLength)
        }
      }
      let creation = try Timing.interleaved(
        rounds: rounds,
        {
          let again = try creator.create(from: path)
          try require(again.info.hashes == torrent.info.hashes, "another torrent")
        }, limit)
      report.add(
        "torrent create \(name), \(mebibytes) MiB", ours: gigabytes / creation.ours,
        reference: gigabytes / creation.reference, unit: " GB/s", atLeast: 0.85)
      let check = Timing.interleaved(
        rounds: rounds,
        {
          PieceChecker(info: torrent.info, layers: torrent.pieceLayers, workers: workers) {
            let reader = FileReader { _ in path }
            return { reader.read($0, offset: $1, into: $2) }
          }.check(0..<count) { piece, verdict in
            precondition(verdict == .valid, "piece \(piece) is \(verdict)")
          }
        }, limit)
      report.add(
        "torrent check \(name), \(mebibytes) MiB", ours: gigabytes / check.ours,
        reference: gigabytes / check.reference, unit: " GB/s", atLeast: 0.85)
    }
  }

  private static func write(_ path: String, mebibytes: Int) throws {
    var random = Sequence64(seed: 1)
    let chunk = Data(random.bytes(1 << 20))
    try Data().write(to: URL(fileURLWithPath: path))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    for _ in 0..<mebibytes { try file.write(contentsOf: chunk) }
    try file.close()
  }

  /// Hashes as much from one small buffer, a digest for each `step` bytes.
  private static func hash<H: HashFunction>(
    _ mebibytes: Int, _ workers: Int, _: H.Type, step: Int
  ) {
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      withUnsafeTemporaryAllocation(byteCount: step, alignment: 64) { buffer in
        buffer.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: worker))
        for _ in 0..<(mebibytes << 20) / step / workers {
          var hasher = H()
          hasher.update(bufferPointer: UnsafeRawBufferPointer(buffer))
          blackHole(hasher.finalize())
        }
      }
    }
  }

  @inline(never) private static func blackHole(_: some Digest) {}
}
