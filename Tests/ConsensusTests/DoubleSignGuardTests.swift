import Consensus
import Foundation
import Primitives
import TestSupport
import Testing

@Suite("The double-sign guard")
struct DoubleSignGuardTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path("guard")
  }

  func mark(_ height: UInt64, _ tag: UInt64 = 0) -> DoubleSignGuard.Mark {
    .init(height: height, hash: UInt256(tag).word)
  }

  @Test("remembers the last block over restarts")
  func remembers() throws {
    for height in UInt64(1)...5 {
      let signGuard = try DoubleSignGuard(path: path)
      #expect(signGuard.last == (height == 1 ? nil : mark(height - 1, height - 1)))
      try signGuard.record(mark(height, height))
    }
  }

  @Test("refuses a second block at a height, and lower ones")
  func refusesDoubles() throws {
    let signGuard = try DoubleSignGuard(path: path)
    try signGuard.record(mark(7, 1))
    try signGuard.checkMaySeal(mark(7, 1))
    try signGuard.checkMaySeal(mark(8))
    #expect(throws: GuardError.self) { try signGuard.checkMaySeal(mark(7, 2)) }
    #expect(throws: GuardError.self) { try signGuard.checkMaySeal(mark(6)) }
  }

  @Test("refuses a database that is older, or has another block at its height")
  func refusesOldDatabases() throws {
    let signGuard = try DoubleSignGuard(path: path)
    try signGuard.check(head: mark(3))
    try signGuard.record(mark(7, 1))
    try signGuard.check(head: mark(7, 1))
    try signGuard.check(head: mark(8))
    #expect(throws: GuardError.self) { try signGuard.check(head: mark(6)) }
    #expect(throws: GuardError.self) { try signGuard.check(head: mark(7, 2)) }
  }

  @Test("falls back to the slot before when a write was torn, and refuses a file without any")
  func damage() throws {
    do {
      let signGuard = try DoubleSignGuard(path: path)
      try signGuard.record(mark(4, 1))
      try signGuard.record(mark(5, 2))
    }
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    bytes[64 + 10] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    #expect(try DoubleSignGuard(path: path).last == mark(4, 1))
    bytes[10] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    #expect(throws: GuardError.self) { try DoubleSignGuard(path: path) }
  }
}
