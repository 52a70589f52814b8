/// Text of strangers, made fit for logs and terminals.
enum PrintableText {
  /// The text of at most 300 bytes, with `?` for what is no printable character: controls,
  /// directions of writing, and bytes that are not UTF-8.
  static func clean(_ bytes: some Collection<UInt8>) -> String {
    var text = ""
    for scalar in String(decoding: bytes.prefix(300), as: UTF8.self).unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
        .paragraphSeparator:
        text += "?"
      default: text.unicodeScalars.append(scalar == "\u{fffd}" ? "?" : scalar)
      }
    }
    return text
  }
}
