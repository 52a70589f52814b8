import Foundation
import TestSupport
import Testing

@Suite("The house of docs/ARCHITECTURE.md")
struct LayeringTests {
  /// What comes with the toolchain.
  static let system: Set<String> = ["Foundation", "Dispatch", "Synchronization", "Glibc"]

  let manifest: Manifest
  /// Each room's floor.
  let floors: [String: Int]
  /// Each C target's only room.
  let owners: [String: String]

  init() throws {
    manifest = try Manifest()
    let rows = try Papers.rows("docs/ARCHITECTURE.md")
    floors = Dictionary(
      rows.compactMap { row in Int(row[0]).map { (row[1], $0) } },
      uniquingKeysWith: { first, _ in first })
    owners = Dictionary(
      rows.filter { $0[0].wholeMatch(of: #/C[A-Z]\w+/#) != nil }.map { ($0[0], $0[1]) },
      uniquingKeysWith: { first, _ in first })
  }

  @Test("Every target has a floor or an owner, and every room of the paper is a target")
  func complete() {
    #expect(manifest.targets.count >= 13)
    #expect(Set(manifest.targets.map(\.name)) == Set(floors.keys).union(owners.keys))
  }

  @Test("Arrows point down only: no room depends on one of its own floor or above")
  func downward() throws {
    for target in manifest.targets where owners[target.name] == nil {
      let floor = try #require(floors[target.name])
      for room in target.rooms where owners[room] == nil {
        let other = try #require(floors[room], "\(target.name) depends on \(room)")
        #expect(other < floor, "\(target.name) (\(floor)) depends on \(room) (\(other))")
      }
    }
  }

  @Test("Only its owner depends on a C target, and one file of that imports it")
  func behindOneFile() throws {
    for (library, owner) in owners {
      let dependents = manifest.targets.filter { $0.rooms.contains(library) }.map(\.name)
      #expect(dependents == [owner], "\(library)")
      for target in manifest.targets {
        let files = try Papers.sources(of: target.name).filter {
          Papers.imports(in: $0.value).contains(library)
        }
        #expect(files.count == (target.name == owner ? 1 : 0), "\(library) in \(files.keys)")
        for source in files.values {
          #expect(source.contains("internal import \(library)"), "\(library) is seen outside")
        }
      }
    }
  }

  @Test("Sources import nothing that the manifest does not name")
  func declared() throws {
    for target in manifest.targets {
      let allowed = target.rooms.union(target.products).union(Self.system)
      for (path, source) in try Papers.sources(of: target.name) {
        let extra = Papers.imports(in: source).subtracting(allowed)
        #expect(extra.isEmpty, "\(path) imports \(extra.sorted())")
      }
    }
  }

  @Test("The reader of imports sees every form of one")
  func reader() {
    let source = """
      // import Comment
      internal import A
      public import struct B.Thing
      import C
      @preconcurrency package import D
      let text = "import E"
      """
    #expect(Papers.imports(in: source) == ["A", "B", "C", "D"])
  }
}
