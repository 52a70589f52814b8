internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Node

/// The commands that run and tend a ledger node.
struct NodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node",
    abstract: "Run and tend a ledger node.",
    discussion: """
      EXAMPLE
        btt node init --data-dir ./node --alloc 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266=1000000
        btt node run --data-dir ./node
        btt node verify --data-dir ./node
      """,
    subcommands: [
      NodeInit.self, NodeRun.self, NodeConfig.self, NodeVerify.self, NodeExport.self,
      NodeImport.self,
    ])
}

/// Which data directory.
struct DataDirectoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Data directory (environment: BTT_DATA_DIR; default: ~/.local/share/btt/node).",
      valueName: "dir"),
    completion: .directory)
  var dataDir: String?

  var directory: DataDirectory {
    let environment = ProcessInfo.processInfo.environment
    if let path = dataDir ?? environment["BTT_DATA_DIR"], !path.isEmpty {
      return DataDirectory(path: path)
    }
    return .standard(environment: environment)
  }
}

/// What the owner sets on the command line, beside files and environment.
struct SettingsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Settings file (default: config.toml in the data directory, if there is one).",
      valueName: "file"),
    completion: .file())
  var config: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A setting, as in the settings file; may be given again. `btt node config` lists them.",
      valueName: "section.name=value"))
  var assignments: [String] = []

  /// Gathers all settings; `given` are those that have options of their own.
  func load(
    _ directory: DataDirectory, _ given: [(key: String, value: String?)] = []
  ) throws -> EffectiveSettings {
    var commandLine: [(key: String, value: String)] = []
    for assignment in assignments {
      let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw ValidationError("--set wants section.name=value, not \(assignment)")
      }
      commandLine.append((String(parts[0]), String(parts[1])))
    }
    for (key, value) in given {
      if let value { commandLine.append((key, value)) }
    }
    let path = config ?? directory.configurationFile
    let text = try DataDirectory.read(path, limit: 1 << 20)
    if text == nil, config != nil {
      throw CommandFailure(.file, "there is no settings file \(path)", next: "check --config")
    }
    return try EffectiveSettings(
      toml: text.map { (String(decoding: $0, as: UTF8.self), path) },
      environment: ProcessInfo.processInfo.environment, commandLine: commandLine)
  }
}
