internal import ArgumentParser
internal import Foundation
internal import Primitives
internal import Speed

/// Which statement is read.
struct StatementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The statement; needed where several keys or chains have one.", valueName: "file"),
    completion: .file())
  var statement: String?

  @Option(
    help: ArgumentHelp(
      "Directory of the books (default: $XDG_STATE_HOME/btt/channels).", valueName: "directory"),
    completion: .directory)
  var books: String?

  @Option(
    help: ArgumentHelp("The account whose statement it is.", valueName: "address"),
    transform: Arguments.address)
  var from: Address?

  /// What a statement's name ends with.
  static let suffix = ".statement"

  /// The lines of the statement.
  func entries() throws -> [StatementEntry] { try Statement.read(path: path()) }

  /// What the lines come to.
  func sums() throws -> StatementBooks {
    try entries().reduce(into: StatementBooks()) { $0.add($1.event) }
  }

  private func path() throws -> String {
    if let statement { return statement }
    let directory = try BooksOptions.directory(books)
    let chains = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let found = chains.flatMap { chain in
      ((try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(chain)")) ?? [])
        .filter { name in
          name.hasSuffix(Self.suffix) && (from.map { name.hasPrefix($0.hex) } ?? true)
        }.map { "\(directory)/\(chain)/\($0)" }
    }.sorted()
    guard let first = found.first else {
      throw CommandFailure(
        .notFound, "there is no statement below \(directory): nothing was bought or sold",
        next: "buy with btt torrent get … --budget, sell with btt torrent seed … --price")
    }
    guard found.count == 1 else {
      throw CommandFailure(
        .usage, "there are \(found.count) statements below \(directory)",
        next: "name an account with --from, or a file with --statement: \(first)")
    }
    return first
  }
}
