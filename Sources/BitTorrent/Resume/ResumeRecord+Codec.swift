internal import Metainfo
internal import Primitives

// The bytes of a record. What has one value has one encoding: numbers in their shortest form,
// tables in the order of their keys, bits that mean nothing unset.
//
//   version 1 | flags | hashes | folders | boot id | pieces | blocks | files | statistics | info
extension ResumeRecord {
  private static let version: UInt8 = 1

  /// The record in bytes.
  public var encoded: [UInt8] {
    var writer = ResumeWriter()
    writer.append(byte: Self.version)
    writer.append(
      flags: hashes.v1 != nil, hashes.v2 != nil, movingTo != nil, completedAt != nil,
      infoDictionary != nil, isDirty)
    if let hash = hashes.v1 { writer.append(raw: hash.bytes) }
    if let hash = hashes.v2 { writer.append(raw: hash.bytes) }
    writer.append(savePath)
    if let movingTo { writer.append(movingTo) }
    writer.append(bootID)
    writer.append(have.bitCount)
    writer.append(raw: have.wireBytes)
    writer.append(raw: synced.wireBytes)
    writer.append(blocks.count)
    for (piece, bits) in blocks.sorted(by: { $0.key < $1.key }) {
      writer.append(piece)
      writer.append(bits.bitCount)
      writer.append(raw: bits.wireBytes)
    }
    writer.append(files.count)
    for file in files { file.encode(to: &writer) }
    for number in [downloaded, uploaded, activeSeconds, addedAt] { writer.append(number) }
    if let completedAt { writer.append(completedAt) }
    if let infoDictionary { writer.append(counted: infoDictionary) }
    writer.append(pieceLayers.count)
    for (file, hashes) in pieceLayers.sorted(by: { $0.key < $1.key }) {
      writer.append(file)
      writer.append(counted: hashes)
    }
    return writer.bytes
  }

  /// Reads a record, and refuses whatever ``encoded`` does not give.
  public init(decoding bytes: [UInt8]) throws(ResumeRecordError) {
    var reader = ResumeReader(bytes)
    let version = try reader.byte()
    guard version == Self.version else { throw .unsupportedVersion(version) }
    let flags = try reader.flags(6)
    let v1 = flags & 1 == 0 ? nil : SHA1Hash(try reader.view(20))
    let v2 = flags & 2 == 0 ? nil : Hash256(try reader.view(32))
    savePath = try reader.text()
    movingTo = flags & 4 == 0 ? nil : try reader.text()
    bootID = try reader.text()
    let pieceCount = try reader.integer()
    have = try reader.bits(pieceCount)
    synced = try reader.bits(pieceCount)
    blocks = try reader.table(ofAtLeast: 3) { reader throws(ResumeRecordError) in
      try reader.bits(reader.integer())
    }
    files = []
    let fileCount = try reader.count(ofAtLeast: 2)
    files.reserveCapacity(fileCount)
    for _ in 0..<fileCount { files.append(try FileState(from: &reader)) }
    downloaded = try reader.integer()
    uploaded = try reader.integer()
    activeSeconds = try reader.integer()
    addedAt = try reader.integer()
    completedAt = flags & 8 == 0 ? nil : try reader.integer()
    infoDictionary = flags & 16 == 0 ? nil : try reader.bytes()
    pieceLayers = try reader.table(ofAtLeast: 2) { reader throws(ResumeRecordError) in
      try reader.bytes()
    }
    hashes = InfoHashes(v1: v1, v2: v2)
    isDirty = flags & 32 != 0
    guard reader.isAtEnd else { throw .trailingBytes }
  }
}

extension ResumeRecord.FileState {
  fileprivate func encode(to writer: inout ResumeWriter) {
    writer.append(flags: length != nil, isInPartFile, renamedTo != nil)
    writer.append(byte: priority)
    if let length {
      writer.append(length)
      writer.append(modified)
    }
    if let renamedTo {
      writer.append(renamedTo.count)
      for element in renamedTo { writer.append(element) }
    }
  }

  fileprivate init(from reader: inout ResumeReader) throws(ResumeRecordError) {
    self.init()
    let flags = try reader.flags(3)
    isInPartFile = flags & 2 != 0
    priority = try reader.byte()
    if flags & 1 != 0 {
      length = try reader.integer()
      modified = try reader.integer()
    }
    guard flags & 4 != 0 else { return }
    var path: [String] = []
    for _ in 0..<(try reader.count()) { path.append(try reader.text()) }
    renamedTo = path
  }
}

extension ResumeReader {
  /// A table of rising keys from 0.
  fileprivate mutating func table<Value>(
    ofAtLeast size: Int, _ value: (inout ResumeReader) throws(ResumeRecordError) -> Value
  ) throws(ResumeRecordError) -> [Int: Value] {
    var table: [Int: Value] = [:]
    var previous = -1
    for _ in 0..<(try count(ofAtLeast: size)) {
      let key = try integer()
      guard key > previous else { throw .notCanonical }
      previous = key
      table[key] = try value(&self)
    }
    return table
  }
}
