internal import Foundation
internal import JSON
public import Logging

/// Where a node's log lines go: standard error, as text or one JSON object a line.
public enum NodeLog {
  /// A logger for a node.
  public static func logger(settings: NodeSettings) -> Logger {
    let json = settings.logsJSON
    var logger = Logger(label: "btt") { label -> any LogHandler in
      if json { return JSONLogHandler(label: label) }
      return StreamLogHandler.standardError(label: label)
    }
    logger.logLevel = settings.logLevel
    return logger
  }
}

/// Writes each line as one JSON object.
private struct JSONLogHandler: LogHandler {
  let label: String
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line: JSONObject = [
      "time": .string(Date.now.formatted(.iso8601)), "level": .string(event.level.rawValue),
      "logger": .string(label), "message": .string("\(event.message)"),
    ]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
      .sorted(by: { $0.key < $1.key })
    { line[key] = .string("\(value)") }
    let bytes = JSONValue.object(line).serialized + [0x0a]
    // Nobody is left to tell when standard error is gone.
    try? FileHandle.standardError.write(contentsOf: Data(bytes))
  }
}
