internal import ChainTypes
internal import JSON
internal import Synchronization

/// The endpoints of one chain, of which so many must say the same before it is believed.
///
/// All are asked at once. Those that fail are left alone for ever longer; once enough agree, the
/// slow ones are waited for no longer than `patience`, so that one that stalls holds up nobody.
package final class EndpointGroup: Sendable {
  /// What one endpoint answered.
  package struct Answer<Value: Sendable>: Sendable {
    package var endpoint: String
    package var result: Result<Value, EndpointError>
  }

  /// What enough endpoints said, and who said otherwise.
  package struct Agreement<Value: Sendable>: Sendable {
    package var value: Value
    package var dissenters: [String]
  }

  package let endpoints: [any BridgeEndpoint]
  package let quorum: Int
  private let clock: any BridgeClock
  private let patience: Duration
  private let rests: Mutex<[EndpointRest]>

  /// A group; the quorum is within 1 and the number of endpoints.
  package init(
    _ endpoints: [any BridgeEndpoint], quorum: Int, clock: any BridgeClock,
    patience: Duration = .seconds(1)
  ) {
    self.endpoints = endpoints
    self.quorum = max(1, min(quorum, endpoints.count))
    self.clock = clock
    self.patience = patience
    rests = Mutex(Array(repeating: EndpointRest(), count: endpoints.count))
  }

  /// More than half.
  package static func majority(of count: Int) -> Int { count / 2 + 1 }

  /// Names and whether each may be called now.
  package var health: [(name: String, isWell: Bool)] {
    let now = clock.now()
    let rests = rests.withLock { $0 }
    return zip(endpoints, rests).map { ($0.name, $1.failures == 0 || $1.allows(now)) }
  }

  // MARK: - Asking

  /// Asks all that are well; with `isEnough` the rest is not waited for once it holds.
  package func all<Value: Sendable>(
    _ request: @escaping @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value,
    until isEnough: ([Answer<Value>]) -> Bool = { _ in false }
  ) async -> [Answer<Value>] {
    let now = clock.now()
    var callable = rests.withLock { rests in rests.indices.filter { rests[$0].allows(now) } }
    // With too few well to ever agree, the others are tried all the same.
    if callable.count < quorum { callable = Array(endpoints.indices) }
    // One alone needs no race, which costs more than all else of a call.
    if callable.count == 1, let index = callable.first {
      let result = await ask(index, request)
      return [Answer(endpoint: endpoints[index].name, result: result)]
    }
    return await withTaskGroup(of: (Int, Result<Value, EndpointError>)?.self) { group in
      for index in callable {
        let endpoint = endpoints[index]
        group.addTask {
          do throws(EndpointError) {
            return (index, .success(try await request(endpoint)))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      var answers: [Answer<Value>] = []
      var silent = Set(callable)
      var isHurried = false
      while answers.count < callable.count, let next = await group.next() {
        guard let (index, result) = next else {
          // Who is silent now is left alone for a while, or would hold up every call so long.
          let now = clock.now()
          rests.withLock { rests in for index in silent { rests[index].failed(now) } }
          break
        }
        silent.remove(index)
        note(result, at: index)
        answers.append(Answer(endpoint: endpoints[index].name, result: result))
        if !isHurried, answers.count < callable.count, isEnough(answers) {
          isHurried = true
          group.addTask { [clock, patience] in
            await clock.sleep(for: patience)
            return nil
          }
        }
      }
      group.cancelAll()
      return answers
    }
  }

  private func ask<Value: Sendable>(
    _ index: Int,
    _ request: @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value
  ) async -> Result<Value, EndpointError> {
    let result: Result<Value, EndpointError>
    do throws(EndpointError) {
      result = .success(try await request(endpoints[index]))
    } catch {
      result = .failure(error)
    }
    note(result, at: index)
    return result
  }

  private func note<Value>(_ result: Result<Value, EndpointError>, at index: Int) {
    let now = clock.now()
    rests.withLock { rests in
      switch result {
      case .success: rests[index].succeeded()
      case .failure(let error):
        if error.isIllness, !Task.isCancelled { rests[index].failed(now) }
      }
    }
  }

  /// Leaves endpoints alone for a while, though they answer: what they said was made up.
  package func leaveAlone(_ names: Set<String>) {
    let now = clock.now()
    rests.withLock { rests in
      for (index, endpoint) in endpoints.enumerated() where names.contains(endpoint.name) {
        rests[index].failed(now)
      }
    }
  }

  /// The answer that a quorum gives.
  package func agree<Value: Hashable & Sendable>(
    on subject: String,
    _ request: @escaping @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value
  ) async throws(RootChainError) -> Agreement<Value> {
    let quorum = quorum
    let answers = await all(request) { Self.most($0).count >= quorum }
    let (value, count) = Self.most(answers)
    guard let value, count >= quorum else { throw disagreement(on: subject, answers) }
    let dissenters = answers.filter { answer in
      if case .success(let other) = answer.result { other != value } else { false }
    }
    return Agreement(value: value, dissenters: dissenters.map(\.endpoint))
  }

  /// The first usable answer: for what is verified afterwards, or needs no trust.
  ///
  /// One endpoint is asked; after it has failed, or been silent for `patience`, another one too.
  package func first<Value: Sendable>(
    _ subject: String,
    _ request: @escaping @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value
  ) async throws(RootChainError) -> Value {
    let now = clock.now()
    let order = rests.withLock { rests in
      rests.indices.filter { rests[$0].allows(now) }
        + rests.indices.filter { !rests[$0].allows(now) }
    }
    if order.count == 1 {
      switch await ask(0, request) {
      case .success(let value): return value
      case .failure(let error): throw refusal(of: subject, [(0, error)])
      }
    }
    let outcome = await withTaskGroup(of: (Int, Result<Value, EndpointError>)?.self) { group in
      var asked = 0
      func askNext() {
        guard asked < order.count else { return }
        let index = order[asked]
        let endpoint = endpoints[index]
        asked += 1
        group.addTask {
          do throws(EndpointError) {
            return (index, .success(try await request(endpoint)))
          } catch {
            return (index, .failure(error))
          }
        }
        // After the last one there is nobody else to ask.
        guard asked < order.count else { return }
        group.addTask { [clock, patience] in
          await clock.sleep(for: patience)
          return nil
        }
      }
      var failures: [(Int, EndpointError)] = []
      askNext()
      while failures.count < order.count, let event = await group.next() {
        guard let (index, result) = event else {
          askNext()
          continue
        }
        note(result, at: index)
        switch result {
        case .success(let value):
          group.cancelAll()
          return Result<Value, RootChainError>.success(value)
        case .failure(let error):
          failures.append((index, error))
          askNext()
        }
      }
      group.cancelAll()
      return .failure(refusal(of: subject, failures))
    }
    return try outcome.get()
  }

  /// Why nobody has given a usable answer.
  private func refusal(of subject: String, _ failures: [(Int, EndpointError)]) -> RootChainError {
    if failures.contains(where: { $0.1.asksForLess }) { return .tooMuchAtOnce(subject) }
    // One that refuses may be the only one that does: it counts where no other has answered.
    for case .refused(let cause) in failures.map(\.1).filter({ !$0.isIllness }) {
      return .refused(cause)
    }
    return .unreachable(
      "\(subject): "
        + failures.map { "\(endpoints[$0.0].name): \($0.1)" }.joined(separator: "; "))
  }

  private func disagreement<Value: Hashable & Sendable>(
    on subject: String, _ answers: [Answer<Value>]
  ) -> RootChainError {
    let values = answers.compactMap { try? $0.result.get() }
    guard Set(values).count > 1 else { return failure(on: subject, answers) }
    return .disagreement(
      "\(subject): \(values.count) endpoints give \(Set(values).count) answers, and \(quorum) must "
        + "agree")
  }

  /// Why fewer than a quorum have answered.
  func failure<Value>(on subject: String, _ answers: [Answer<Value>]) -> RootChainError {
    var failures: [String] = []
    var refusals = 0
    var asksForLess = 0
    var refusal: RPCError?
    for answer in answers {
      guard case .failure(let error) = answer.result else { continue }
      failures.append("\(answer.endpoint): \(error)")
      if error.asksForLess { asksForLess += 1 }
      if case .refused(let cause) = error, !error.isIllness {
        refusals += 1
        refusal = cause
      }
    }
    if asksForLess > 0, asksForLess + answers.count - failures.count >= quorum {
      return .tooMuchAtOnce(subject)
    }
    if refusals >= quorum, let refusal { return .refused(refusal) }
    return .unreachable(
      "\(subject): \(answers.count - failures.count) of \(quorum) endpoints that must agree have "
        + "answered" + (failures.isEmpty ? "" : " (" + failures.joined(separator: "; ") + ")"))
  }

  /// The value given most often, and how often.
  private static func most<Value: Hashable>(_ answers: [Answer<Value>]) -> (
    value: Value?, count: Int
  ) {
    var counts: [Value: Int] = [:]
    for answer in answers {
      if case .success(let value) = answer.result { counts[value, default: 0] += 1 }
    }
    let best = counts.max { $0.value < $1.value }
    return (best?.key, best?.value ?? 0)
  }
}
