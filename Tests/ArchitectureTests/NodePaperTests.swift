import BitTorrent
import Bridge
import ChainTypes
import KeyValueStore
import Keys
import Ledger
import Logging
import Node
import PaymentChannels
import TestSupport
import Testing

@Suite("Papers of the node")
struct NodePaperTests {
  private struct NoControl: DevControl {
    func mine(_ count: UInt64, timestamp: UInt64?) async throws {}
    func increaseTime(by seconds: UInt64) throws -> UInt64 { 0 }
    func setNextBlockTimestamp(_ timestamp: UInt64) throws {}
  }

  @Test("The list of JSON-RPC methods is the node's")
  func methods() async throws {
    let test = try TestChain()
    let pool = try TransactionPool(
      view: test.chain.view, clock: { 0 },
      logger: Logger(label: "test") { _ in
        SwiftLogNoOpLogHandler()
      })
    let backend = NodeBackend(chain: test.chain, pool: pool, role: .devnet)
    var table = NodeMethods.table(for: backend)
    let channels = try await ChannelService.open(
      store: SimulatedStore(), ledger: ChainLedgerClient(backend: backend),
      account: TestChain.key(1),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    ChannelMethods(service: channels, isReceivingOpen: false).register(in: &table)
    var torrents = SessionConfiguration()
    torrents.listen = PeerAddress(ipv4: 0x7f00_0001, port: 0)
    let session = try await TorrentSession.start(
      torrents, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let directory = try TemporaryDirectory()
    TorrentMethods(
      session: session, folders: try TorrentFolders(standard: directory.path, roots: [])
    ).register(in: &table)
    await session.stop()
    let bridge = try await BridgeService.open(
      store: SimulatedStore(), sidechain: LocalBridgeEndpoint(methods: table), validator: nil,
      relayer: nil, configuration: BridgeConfiguration(), clock: SystemBridgeClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    BridgeMethods(service: bridge).register(in: &table)
    DevMethods(backend: backend, control: NoControl(), isOpen: true).register(in: &table)
    let name = #/[a-z0-9]+_[A-Za-z0-9]+/#
    let paper = try Papers.rows("docs/specs/json-rpc.md").map { $0[0] }
      .filter { $0.wholeMatch(of: name) != nil }
    #expect(paper.count == Set(paper).count)
    #expect(Set(paper).symmetricDifference(table.names).sorted() == [])
  }

  @Test("The operator's guide has every setting with its default, variable and meaning")
  func settings() throws {
    let defaults = try EffectiveSettings(toml: nil, environment: [:], commandLine: []).listing
    let entries = NodeSettings.entries
    let wanted = zip(entries, defaults).map { entry, value in
      [entry.key, value.value, entry.environmentName, entry.summary]
    }
    let keys = Set(entries.map(\.key))
    let paper = try Papers.rows("docs/OPERATOR.md").filter { keys.contains($0[0]) }
    #expect(paper == wanted)
  }

  @Test("The settings file that a new node gets can be read, and changes nothing")
  func sample() throws {
    let read = try EffectiveSettings(
      toml: (EffectiveSettings.sample, "config.toml"), environment: [:], commandLine: [])
    let defaults = try EffectiveSettings(toml: nil, environment: [:], commandLine: [])
    #expect(read.listing.map(\.value) == defaults.listing.map(\.value))
  }

  @Test("The operator's guide names every kind of error")
  func errors() throws {
    let named = Set(try Papers.rows("docs/OPERATOR.md").map { $0[0] })
    let codes = NodeError.Code.allCases.map(\.rawValue) + LedgerError.Code.allCases.map(\.rawValue)
    #expect(Set(codes).subtracting(named).sorted() == [])
  }
}
