/// What the shell is told.
enum ExitStatus: Int32 {
  case success = 0
  /// The command was understood and could not be done.
  case failure = 1
  /// The command line makes no sense.
  case usage = 2
}
