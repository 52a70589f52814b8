internal import ArgumentParser
internal import Foundation
internal import JSON

/// The one way out for everything that a command throws.
enum ErrorReport {
  /// Says what happened, on standard error unless it was help that was asked for, and exits.
  static func exit(with error: any Error) -> Never {
    let code = BTT.exitCode(for: error)
    if code == .success {
      Output.write(BTT.fullMessage(for: error))
      Foundation.exit(ExitStatus.success.rawValue)
    }
    if code == .validationFailure {
      report(
        CommandFailure(.usage, BTT.message(for: error), next: "see --help"),
        text: BTT.fullMessage(for: error))
      Foundation.exit(ExitStatus.usage.rawValue)
    }
    let failure = CommandFailure(error)
    report(
      failure,
      text: "error: \(failure.message)" + (failure.nextStep.map { "\n  next: \($0)" } ?? ""))
    let status: ExitStatus = failure.code == .usage ? .usage : .failure
    Foundation.exit(status.rawValue)
  }

  private static func report(_ failure: CommandFailure, text: String) {
    // The command line may be one that could not be parsed, so that no option is there to ask.
    let asJSON = CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")
    Output.note(asJSON ? failure.json.description : text)
  }
}
