internal import ArgumentParser

/// Where the password of a key comes from.
struct PasswordOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "File whose first line is the password; - is standard input (environment: BTT_PASSWORD).",
      valueName: "file"),
    completion: .file())
  var passwordFile: String?

  var source: PasswordSource {
    PasswordSource(file: passwordFile, option: "--password-file", variable: .password)
  }
}

/// Where the password that a key gets comes from.
struct NewPasswordOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "File whose first line is the new password (environment: BTT_NEW_PASSWORD).",
      valueName: "file"),
    completion: .file())
  var newPasswordFile: String?

  var source: PasswordSource {
    PasswordSource(file: newPasswordFile, option: "--new-password-file", variable: .newPassword)
  }
}

/// A file, an environment variable, or the person at the terminal; never the command line, which
/// every user of the machine can read.
struct PasswordSource {
  var file: String?
  var option: String
  var variable: Environment

  /// The password of something that has one.
  func existing(_ prompt: String) throws -> String {
    try given() ?? ask(prompt)
  }

  /// A password to come, typed twice when it is typed.
  func new(_ prompt: String) throws -> String {
    let password: String
    if let given = try given() {
      password = given
    } else {
      password = try ask(prompt)
      guard try ask("The same again: ") == password else {
        throw CommandFailure(
          .invalidInput, "the two passwords differ: nothing was done", next: "try again")
      }
    }
    guard !password.isEmpty else {
      throw CommandFailure(
        .invalidInput, "the password is empty", next: "choose one that is hard to guess")
    }
    return password
  }

  private func given() throws -> String? {
    if let file { return try Files.firstLine(file) }
    return variable.value
  }

  private func ask(_ prompt: String) throws -> String {
    guard Terminal.isInteractive else {
      throw CommandFailure(
        .noPassword, "no password, and no terminal to ask for it",
        next: "give \(option) FILE or set \(variable.rawValue)")
    }
    return try Terminal.readSecret(prompt)
  }
}
