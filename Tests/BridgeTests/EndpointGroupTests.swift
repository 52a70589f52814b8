import Bridge
import ChainTypes
import JSON
import Synchronization
import Testing

@Suite("EndpointGroup", .timeLimit(.minutes(1)))
struct EndpointGroupTests {
  /// Answers from a list, the last one again and again.
  final class Answers: BridgeEndpoint {
    let name: String
    private let answers: Mutex<[Result<JSONValue, EndpointError>]>
    private let count = Mutex(0)

    init(_ name: String, _ answers: [Result<JSONValue, EndpointError>]) {
      self.name = name
      self.answers = Mutex(answers)
    }

    var calls: Int { count.withLock { $0 } }

    func call(_ method: String, _ params: [JSONValue]) async throws(EndpointError) -> JSONValue {
      count.withLock { $0 += 1 }
      let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
      return try answer.get()
    }
  }

  private func group(
    _ endpoints: [Answers], quorum: Int, clock: TestClock = TestClock()
  ) -> EndpointGroup {
    EndpointGroup(endpoints, quorum: quorum, clock: clock)
  }

  private func number(_ group: EndpointGroup) async throws -> EndpointGroup.Agreement<UInt64> {
    try await group.agree(on: "a number") { endpoint throws(EndpointError) in
      try await endpoint.ask("number", [], .quantity64)
    }
  }

  @Test("believes what a quorum says, and names who says otherwise")
  func quorum() async throws {
    let endpoints = [
      Answers("a", [.success("0x1")]), Answers("b", [.success("0x2")]),
      Answers("c", [.success("0x1")]),
    ]
    // The dissenter may be too slow to be heard once two have agreed.
    let agreement = try await number(group(endpoints, quorum: 2))
    #expect(agreement.value == 1)
    #expect(agreement.dissenters.isEmpty || agreement.dissenters == ["b"])
    await #expect(throws: RootChainError.self) { try await number(group(endpoints, quorum: 3)) }
  }

  @Test("tells a contradiction from silence, and both from being asked too much")
  func kinds() async throws {
    let contradicting = [Answers("a", [.success("0x1")]), Answers("b", [.success("0x2")])]
    await #expect {
      try await number(group(contradicting, quorum: 2))
    } throws: { error in
      if case RootChainError.disagreement = error { true } else { false }
    }
    let silent = [
      Answers("a", [.success("0x1")]), Answers("b", [.failure(.unreachable("refused"))]),
    ]
    await #expect {
      try await number(group(silent, quorum: 2))
    } throws: { error in
      if case RootChainError.unreachable = error { true } else { false }
    }
    let limited = [
      Answers("a", [.failure(.tooLarge)]),
      Answers("b", [.failure(.refused(.limitExceeded("query returned more than 10000 results")))]),
    ]
    await #expect {
      try await number(group(limited, quorum: 2))
    } throws: { error in
      if case RootChainError.tooMuchAtOnce = error { true } else { false }
    }
  }

  @Test("leaves an endpoint that fails alone for ever longer, and takes it back once it answers")
  func rest() async throws {
    let clock = TestClock()
    let ill = Answers("ill", [.failure(.rateLimited), .failure(.rateLimited), .success("0x1")])
    let well = [Answers("a", [.success("0x1")]), Answers("b", [.success("0x1")])]
    // All answers are waited for, so that what is asked of whom is certain.
    let group = group([ill] + well, quorum: 2, clock: clock)
    func askAll() async {
      _ = await group.all { endpoint throws(EndpointError) in
        try await endpoint.ask("number", [], .quantity64)
      }
    }
    await askAll()
    #expect(ill.calls == 1)
    await askAll()
    #expect(ill.calls == 1)
    clock.advance(by: EndpointRest.shortest)
    await askAll()
    #expect(ill.calls == 2)
    clock.advance(by: EndpointRest.shortest)
    await askAll()
    #expect(ill.calls == 2)
    clock.advance(by: EndpointRest.shortest)
    await askAll()
    #expect(ill.calls == 3)
    await askAll()
    #expect(ill.calls == 4)
  }

  @Test("rests no longer than the longest rest")
  func longest() {
    var rest = EndpointRest()
    for _ in 0..<100 { rest.failed(.zero) }
    #expect(rest.until == EndpointRest.longest)
    rest.succeeded()
    #expect(rest.allows(.zero))
  }

  @Test("asks the next one where one fails or refuses; a refusal counts where no other answers")
  func first() async throws {
    let broken = Answers("a", [.failure(.malformed("no JSON"))])
    let well = Answers("b", [.success("0x5")])
    let value = try await group([broken, well], quorum: 1).first("a number") {
      endpoint throws(EndpointError) in
      try await endpoint.ask("number", [], .quantity64)
    }
    #expect(value == 5)
    let pruned = Answers("a", [.failure(.refused(.server("pruned")))])
    let full = Answers("b", [.success("0x6")])
    let other = try await group([pruned, full], quorum: 1).first("a number") {
      endpoint throws(EndpointError) in
      try await endpoint.ask("number", [], .quantity64)
    }
    #expect(other == 6)
    let refusing = Answers("a", [.failure(.refused(.reverted(data: [])))])
    await #expect(throws: RootChainError.refused(.reverted(data: []))) {
      try await group([refusing], quorum: 1).first("a number") { endpoint throws(EndpointError) in
        try await endpoint.ask("number", [], .quantity64)
      }
    }
  }
}
