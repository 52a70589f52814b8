internal import Foundation
internal import Node
internal import TestSupport
internal import Testing

@Suite("Folders for torrents") struct TorrentFoldersTests {
  private let directory: TemporaryDirectory
  private let folders: TorrentFolders
  private let standard: String
  private let root: String

  init() throws {
    directory = try TemporaryDirectory()
    let real = directory.url.resolvingSymlinksInPath().path
    standard = real + "/standard"
    root = real + "/root"
    for path in [root + "/inside", real + "/outside", real + "/root-of-others"] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    folders = try TorrentFolders(standard: standard, roots: [root])
  }

  @Test("take what is in or below them, whether it is there or not")
  func inside() {
    #expect(folders.place(of: root) == root)
    #expect(folders.place(of: root + "/") == root)
    #expect(folders.place(of: root + "/inside/new/./er") == root + "/inside/new/er")
    #expect(folders.place(of: standard + "/x") == standard + "/x")
    #expect(folders.place(of: "films/2026") == standard + "/films/2026")
  }

  @Test("take nothing else, by whatever spelling")
  func outside() {
    let parent = directory.url.resolvingSymlinksInPath().path
    for path in [
      "", "/", parent, parent + "/outside", parent + "/root-of-others", "/etc", "/etc/passwd",
      root + "/../outside", root + "/inside/../../outside", "../outside", "..", "a/../../outside",
      root + "/\0/etc", String(repeating: "a", count: 5_000),
    ] {
      #expect(folders.place(of: path) == nil, "\(path.prefix(80))")
    }
  }

  @Test("follow links to where they lead, and take only what is inside then")
  func links() throws {
    let parent = directory.url.resolvingSymlinksInPath().path
    func link(_ name: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(
        atPath: root + "/" + name, withDestinationPath: target)
    }
    try link("out", to: parent + "/outside")
    try link("in", to: root + "/inside")
    try link("nowhere", to: parent + "/not-there-yet")
    try link("loop", to: root + "/loop")
    #expect(folders.place(of: root + "/out") == nil)
    #expect(folders.place(of: root + "/out/new") == nil)
    #expect(folders.place(of: root + "/in/new") == root + "/inside/new")
    #expect(folders.place(of: root + "/nowhere") == nil)
    #expect(folders.place(of: root + "/nowhere/new") == nil)
    #expect(folders.place(of: root + "/loop/new") == nil)
  }

  @Test("must be there")
  func missing() {
    #expect(throws: NodeError.self) {
      try TorrentFolders(standard: standard, roots: [root + "/none"])
    }
  }
}
