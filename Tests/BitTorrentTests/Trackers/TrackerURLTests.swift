import BitTorrent
import Testing

@Suite("TrackerURL")
struct TrackerURLTests {
  @Test(
    "Addresses of trackers are read",
    arguments: [
      ("http://tracker.example/announce", "http://tracker.example:80/announce"),
      (
        "HTTPS://Tracker.Example:8443/a/announce?passkey=1",
        "https://tracker.example:8443/a/announce?passkey=1"
      ),
      ("udp://tracker.example:6969", "udp://tracker.example:6969/"),
      ("udp://1.2.3.4:80/announce", "udp://1.2.3.4:80/announce"),
      ("http://[2001:DB8::1]:80/announce", "http://[2001:db8::1]:80/announce"),
      ("  http://tracker.example/announce \n", "http://tracker.example:80/announce"),
      ("http://tracker.example?x=y#fragment", "http://tracker.example:80/?x=y"),
      ("http://tracker.example/an nounce/é", "http://tracker.example:80/an%20nounce/%C3%A9"),
      ("http://127.0.0.1:6969/announce", "http://127.0.0.1:6969/announce"),
      ("http://localhost:6969/announce?k=7", "http://localhost:6969/announce?k=7"),
      ("udp://127.0.0.1:6969/anything", "udp://127.0.0.1:6969/anything"),
    ])
  func reads(_ text: String, _ expected: String) throws {
    #expect(try #require(TrackerURL(text)).text == expected)
  }

  @Test(
    "What a torrent may not make us call is refused",
    arguments: [
      "", "tracker.example/announce", "ftp://tracker.example/announce", "file:///etc/passwd",
      "wss://tracker.example/announce", "http://", "http:///announce", "udp://tracker.example",
      "http://user:password@tracker.example/announce", "http://tracker.example:0/announce",
      "http://tracker.example:99999/announce", "http://tracker.example:+80/announce",
      "http://träcker.example/announce", "http://xn--trcker-bua.example/announce",
      "http://a.xn--p1ai/announce", "http://[::1/announce", "http://[tracker]/announce",
      // Other services of this host.
      "http://127.0.0.1:8080/admin/delete", "http://localhost/", "http://[::1]:631/printers",
      "http://a.localhost/x", "http://[::ffff:127.0.0.1]/x", "http://127.0.0.1/announce/x",
      "http://0.0.0.0/announce", "http://224.0.0.1/announce",
      // What the client itself says.
      "http://tracker.example/announce?info_hash=x", "http://tracker.example/?a=b&Port=22",
      "http://tracker.example/announce?event=stopped",
      "http://tracker.example/" + String(repeating: "x", count: 2_048),
      "http://tracker.example/" + String(repeating: "é", count: 400),
    ])
  func refuses(_ text: String) {
    #expect(TrackerURL(text) == nil)
  }

  @Test("The description has no path, as there the users' keys are")
  func description() throws {
    let url = try #require(TrackerURL("https://tracker.example/0123secret/announce?passkey=secret"))
    #expect(url.description == "https://tracker.example:443")
  }

  @Test(
    "A scrape's address is that of BEP 48",
    arguments: [
      ("http://example.com/announce", "http://example.com:80/scrape"),
      ("http://example.com/x/announce", "http://example.com:80/x/scrape"),
      ("http://example.com/announce.php", "http://example.com:80/scrape.php"),
      ("http://example.com/a", nil),
      ("http://example.com/announce?x2%0644", "http://example.com:80/scrape?x2%0644"),
      ("http://example.com/announce?x=2/4", "http://example.com:80/scrape?x=2/4"),
      ("http://example.com/x%064announce", nil),
    ])
  func scrape(_ announce: String, _ expected: String?) throws {
    #expect(try #require(TrackerURL(announce)).scrape?.text == expected)
  }

  @Test(
    "A redirection goes where RFC 3986 says",
    arguments: [
      ("http://other.example/x?y", "http://other.example:80/x?y"),
      ("//other.example/x", "https://other.example:443/x"),
      ("/x?info_hash=1", "https://tracker.example:443/x?info_hash=1"),
      ("x", "https://tracker.example:443/a/x"),
      ("ftp://other.example/x", nil),
    ])
  func redirection(_ location: String, _ expected: String?) throws {
    let url = try #require(TrackerURL("https://tracker.example/a/announce?b/c"))
    #expect(url.redirected(to: location)?.text == expected)
  }
}
