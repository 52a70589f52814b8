internal import Foundation

/// The person at the terminal: asked on standard error, heard on standard input.
enum Terminal {
  /// Whether somebody is there to answer.
  static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 }

  /// Whether what is written goes to a terminal.
  static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

  private static let interrupt: UInt8 = 3
  private static let endOfInput: UInt8 = 4
  private static let eraseLine: UInt8 = 21

  /// Asks for a secret, which is not shown as it is typed.
  static func readSecret(_ prompt: String) throws -> String {
    var saved = termios()
    guard tcgetattr(STDIN_FILENO, &saved) == 0 else { throw cancelled }
    // Signals are off as well, or an interrupt would leave the terminal mute.
    var silent = saved
    silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    withUnsafeMutableBytes(of: &silent.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else { throw cancelled }
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
      Output.note("")
    }
    ask(prompt)
    var line: [UInt8] = []
    while let byte = readByte() {
      switch byte {
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return String(decoding: line, as: UTF8.self)
      case interrupt: throw cancelled
      case endOfInput: if line.isEmpty { throw cancelled }
      case eraseLine: line.removeAll()
      case 8, 127:
        // A character is one byte that begins it and those that continue it.
        while let last = line.popLast(), last & 0xc0 == 0x80 {}
      default: line.append(byte)
      }
    }
    throw cancelled
  }

  /// Asks a question; only `y` and `yes` are consent.
  static func confirm(_ question: String) -> Bool {
    ask(question + " [y/N] ")
    guard let answer = readLine(strippingNewline: true) else { return false }
    return ["y", "yes"].contains(answer.trimmingCharacters(in: .whitespaces).lowercased())
  }

  private static func ask(_ prompt: String) {
    try? FileHandle.standardError.write(contentsOf: Data(prompt.utf8))
  }

  private static func readByte() -> UInt8? {
    var byte: UInt8 = 0
    while true {
      let count = read(STDIN_FILENO, &byte, 1)
      if count == 1 { return byte }
      guard count < 0, errno == EINTR else { return nil }
    }
  }

  private static let cancelled = CommandFailure(.cancelled, "cancelled: nothing was done")
}
