package import BitTorrent
internal import NIOCore

/// How a host stops.
package enum Death: CaseIterable {
  /// In order: what is in memory is written, and the record is saved.
  case exit
  /// The process is killed: what it wrote is there, the rest is not.
  case kill
  /// The machine loses its power: of what was not synced, some is lost.
  case powerCut
}

extension SimulatedDisk {
  /// The process that used the disk ends.
  package mutating func die(_ death: Death, using random: inout some RandomNumberGenerator) {
    switch death {
    case .exit:
      for (index, piece) in unfinished where !piece.isFinishing {
        for (block, data) in piece.held.enumerated() {
          guard let data else { continue }
          platter[index][block] = data
          unfinished[index]?.written.insert(block)
        }
      }
      for (index, piece) in unfinished where piece.isFinishing { unfinished[index] = nil }
      save(isDirty: false)
    case .kill: break
    case .powerCut:
      boot += 1
      for piece in platter.indices where !synced[piece] { lose(piece, using: &random) }
    }
    forget()
  }

  // A block that was not synced is there, or its room in the file is, or neither is.
  private mutating func lose(_ piece: Int, using random: inout some RandomNumberGenerator) {
    for block in platter[piece].indices {
      guard let bytes = platter[piece][block] else { continue }
      switch Int.random(in: 0..<4, using: &random) {
      case 0: platter[piece][block] = nil
      case 1: platter[piece][block] = ByteBuffer(repeating: 0, count: bytes.readableBytes)
      default: break
      }
    }
  }

  /// A new process finds out what is there: by the record where that can be trusted, else by
  /// hashing, as the real storage does.
  package mutating func open() -> (have: Bitfield, blocks: [Int: Bitfield]) {
    let found = record.flatMap { try? ResumeRecord(decoding: $0) }
    let isAfterReboot = found.map { $0.bootID != String(boot) } ?? true
    var trusted = found?.have ?? Bitfield(bitCount: have.bitCount)
    if isAfterReboot, let found {
      found.have.forEachSet { if !found.synced[$0] { trusted.remove($0) } }
    }
    have = trusted
    for piece in platter.indices where !trusted[piece] {
      let blocks = platter[piece].compactMap(\.self)
      if blocks.count == platter[piece].count, verify(piece, blocks) { have.insert(piece) }
    }
    var stillSynced = found?.synced ?? Bitfield(bitCount: have.bitCount)
    (found?.synced)?.forEachSet { if !have[$0] { stillSynced.remove($0) } }
    synced = stillSynced
    for (piece, blocks) in (found?.blocks ?? [:]).sorted(by: { $0.key < $1.key })
    where !have[piece] {
      var written = blocks
      blocks.forEachSet { if platter[piece][$0] == nil { written.remove($0) } }
      if written.setCount > 0, !written.isFull { restore(piece, written: written) }
    }
    save(isDirty: true)
    return (have, unfinished.mapValues(\.written))
  }
}
