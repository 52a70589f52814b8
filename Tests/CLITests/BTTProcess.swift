internal import Foundation
internal import JSON
internal import TestSupport
internal import Testing

/// The built command, run as a shell runs it: away from the terminal, in an environment of its own.
struct BTTProcess {
  /// How a run ended.
  struct Result {
    var status: Int32
    var output: String
    var errors: String

    /// The one JSON object of the output.
    var json: JSONValue {
      get throws { try JSONValue.parse(Array(output.utf8)) }
    }

    /// The error that programs read.
    var error: JSONValue {
      get throws { try #require(try JSONValue.parse(Array(errors.utf8))["error"]) }
    }

    /// The lines of the output, without the names in their first column.
    var words: [Substring] { output.split(whereSeparator: \.isWhitespace) }
  }

  let directory: TemporaryDirectory
  var environment: [String: String]

  init() throws {
    directory = try TemporaryDirectory()
    environment = ["HOME": directory.path, "BTT_KEYSTORE": directory.path("keys")]
  }

  /// Where the key store of a run is.
  var keystore: String { directory.path("keys") }

  /// The executable, which lies beside the tests.
  static let executable: URL = {
    let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    var folder = bundle.deletingLastPathComponent()
    // On other systems than Linux the tests are in a bundle of several levels.
    for _ in 0..<4 {
      let file = folder.appendingPathComponent("btt")
      if FileManager.default.isExecutableFile(atPath: file.path) { return file }
      folder.deleteLastPathComponent()
    }
    return bundle.deletingLastPathComponent().appendingPathComponent("btt")
  }()

  /// Puts a file into the directory, and gives its path.
  func file(_ name: String, _ text: String) throws -> String {
    let path = directory.path(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Runs the command to its end.
  func run(
    _ arguments: String..., environment: [String: String] = [:], input: String = ""
  ) async throws -> Result {
    try await run(arguments, environment: environment, input: input)
  }

  /// Runs the command to its end.
  func run(
    _ arguments: [String], environment: [String: String] = [:], input: String = ""
  ) async throws -> Result {
    let name = UUID().uuidString
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    process.environment = self.environment.merging(environment) { $1 }
    let output = try file("\(name).out", "")
    let errors = try file("\(name).err", "")
    process.standardInput = FileHandle(forReadingAtPath: try file("\(name).in", input))
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try await withCheckedThrowingContinuation { (end: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in end.resume() }
      do { try process.run() } catch { end.resume(throwing: error) }
    }
    return Result(
      status: process.terminationStatus,
      output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}
