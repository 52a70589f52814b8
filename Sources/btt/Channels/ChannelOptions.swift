internal import ArgumentParser
internal import PaymentChannels

/// Whose channels, on which ledger, and where the books are.
struct ChannelOptions: ParsableArguments {
  @OptionGroup var books: BooksOptions

  @Option(
    help: ArgumentHelp(
      "Directory of the books (default: $XDG_STATE_HOME/btt/channels).", valueName: "directory"),
    completion: .directory)
  var state: String?

  @Option(
    help: ArgumentHelp("Seconds to wait until the ledger has done it.", valueName: "seconds"))
  var waitTimeout = 120

  func validate() throws {
    guard (1...86_400).contains(waitTimeout) else {
      throw ValidationError("--wait-timeout is a number of seconds from 1 to 86400")
    }
  }

  /// Calls `body` with the books, which know all up to the newest block.
  ///
  /// With `key` the key is opened; without, nothing can be signed, and no password is needed.
  func withBooks<Value: Sendable>(
    key needsKey: Bool = true, takeOver: Bool = false,
    _ body: @Sendable (ChannelService) async throws -> Value
  ) async throws -> Value {
    try await books.withBooks(in: state, key: needsKey, takeOver: takeOver) { open in
      try await body(open.service)
    }
  }

  /// Calls `body` while the ledger is followed, for what the ledger has to do.
  func withLedger<Value: Sendable>(
    _ body: @escaping @Sendable (ChannelService) async throws -> Value
  ) async throws -> Value {
    try await withBooks { service in try await whileRunning(service, body) }
  }

  /// Follows the ledger until `body` is done, or its time is up.
  func whileRunning<Value: Sendable>(
    _ service: ChannelService, _ body: @escaping @Sendable (ChannelService) async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask {
        await service.run()
        return nil
      }
      group.addTask {
        try await Task.sleep(for: .seconds(waitTimeout))
        return nil
      }
      group.addTask { try await body(service) }
      // The first to end: the work, or the time, whose end cancels the work.
      var first = try await group.next() ?? nil
      group.cancelAll()
      while let next = await group.nextResult() {
        switch next {
        case .success(let value): first = first ?? value
        case .failure(let error): if first == nil, error is ChannelError { throw error }
        }
      }
      guard let first else {
        throw CommandFailure(
          .timeout, "the ledger has not done it within \(waitTimeout) s",
          next: "look again with btt channel list; what was sent is in the outbox")
      }
      return first
    }
  }
}
