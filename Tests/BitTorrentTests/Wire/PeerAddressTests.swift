import BitTorrent
import NIOCore
import TestSupport
import Testing

@Suite("PeerAddress")
struct PeerAddressTests {
  @Test(
    "A numeric address with port is read, and printed the same",
    arguments: ["1.2.3.4:6881", "127.0.0.1:1", "[2001:db8::1]:65535", "[::1]:80", "0.0.0.0:0"])
  func text(_ text: String) throws {
    #expect(try #require(PeerAddress(text)).description == text)
  }

  @Test(
    "What is no numeric address with port is refused",
    arguments: [
      "", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+5", "1.2.3:80",
      "::1:80", "[::1]", "[1.2.3.4]:80", "host:80", "[::1:80", "1.2.3.4:8 0",
    ])
  func refused(_ text: String) {
    #expect(PeerAddress(text) == nil)
  }

  @Test("An IPv4 address mapped into IPv6 is the IPv4 address")
  func mapped() throws {
    let mapped = try #require(PeerAddress("[::ffff:1.2.3.4]:6881"))
    #expect(mapped == PeerAddress("1.2.3.4:6881"))
    #expect(mapped.family == .ipv4)
  }

  @Test("Compact forms are network order, and come back")
  func compact() throws {
    let ipv4 = try #require(PeerAddress("1.2.3.4:6881"))
    #expect(ipv4.compact == [1, 2, 3, 4, 0x1a, 0xe1])
    let ipv6 = try #require(PeerAddress("[2001:db8::1]:258"))
    #expect(ipv6.compact == [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1, 1, 2])
    #expect(PeerAddress.addresses(compact: ipv4.compact + [9], .ipv4) == [ipv4])
    #expect(PeerAddress.addresses(compact: ipv6.compact + ipv6.compact, .ipv6) == [ipv6, ipv6])
    #expect(PeerAddress.addresses(compact: ipv6.compact + ipv6.compact, .ipv6, limit: 1) == [ipv6])
  }

  @Test("Every address survives a socket's, its text and its compact form")
  func roundTrips() throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let address =
        Bool.random(using: &random)
        ? PeerAddress(ipv4: UInt32(truncatingIfNeeded: random.next()), port: 6_881)
        : PeerAddress(high: random.next(), low: random.next(), port: 1)
      #expect(PeerAddress(try address.socketAddress()) == address, "seed \(random.seed)")
      #expect(PeerAddress(address.description) == address, "seed \(random.seed)")
      #expect(
        PeerAddress.addresses(compact: address.compact, address.family) == [address],
        "seed \(random.seed)")
    }
  }

  @Test(
    "Loopback, private, unspecified and multicast addresses are told apart",
    arguments: [
      ("127.0.0.1", "loopback"), ("127.255.0.1", "loopback"), ("::1", "loopback"),
      ("10.1.2.3", "private"), ("172.16.0.1", "private"), ("172.31.255.1", "private"),
      ("172.32.0.1", ""), ("192.168.1.1", "private"), ("192.169.1.1", ""),
      ("100.64.0.1", "private"), ("100.128.0.1", ""), ("169.254.1.1", "private"),
      ("fd00::1", "private"), ("fe80::1", "private"), ("fec0::1", ""), ("2001:db8::1", ""),
      ("0.1.2.3", "unspecified"), ("::", "unspecified"), ("224.0.0.1", "multicast"),
      ("255.255.255.255", "multicast"), ("ff02::1", "multicast"), ("8.8.8.8", ""),
    ])
  func kinds(_ ip: String, _ kind: String) throws {
    let address = try #require(PeerAddress(ip: ip, port: 1))
    #expect(address.isLoopback == (kind == "loopback"))
    #expect(address.isPrivate == (kind == "private"))
    #expect(address.isUnspecified == (kind == "unspecified"))
    #expect(address.isMulticast == (kind == "multicast"))
    #expect(address.isDialable == (kind != "unspecified" && kind != "multicast"))
  }

  @Test("Local addresses are believed only from hosts that are as local")
  func credible() throws {
    func address(_ ip: String, port: UInt16 = 1) throws -> PeerAddress {
      try #require(PeerAddress(ip: ip, port: port))
    }
    let (loopback, local, global) = (
      try address("127.0.0.1"), try address("10.0.0.1"), try address("8.8.8.8")
    )
    #expect(loopback.isCredible(from: loopback))
    #expect(!loopback.isCredible(from: local))
    #expect(!loopback.isCredible(from: global))
    #expect(local.isCredible(from: loopback))
    #expect(local.isCredible(from: local))
    #expect(!local.isCredible(from: global))
    #expect(global.isCredible(from: global))
    #expect(try !address("8.8.8.8", port: 0).isCredible(from: global))
    #expect(try !address("224.0.0.1").isCredible(from: loopback))
  }
}
