internal import Primitives

/// How a module's run can fail: both undo what it did.
enum ModuleFailure: Error, Hashable {
  /// It gave up; the bytes say why, as Solidity's `Error(string)`.
  case reverted([UInt8])
  /// It needs more gas than it was given.
  case outOfGas

  /// A refusal with a reason in words.
  static func reverted(_ reason: String) -> ModuleFailure {
    .reverted(ABIRevert.reason(reason).encoded)
  }
}
