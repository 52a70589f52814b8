internal import Foundation

/// Names the time since the machine was started.
enum BootID {
  /// The same for all processes until the machine starts again; empty where it cannot be told.
  static let current: String = {
    let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
  }()
}
