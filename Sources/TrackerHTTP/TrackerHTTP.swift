// TrackerHTTP: trackers over HTTP and HTTPS, for the engine's `TrackerTransport` seam.
//
//   TrackerAnnouncer ──► TrackerRouter ──► HTTPTrackerTransport ──► HostResolver ──► AsyncHTTPClient
//                                 └──────► UDPTrackerTransport (in BitTorrent)
//
// What is asked and answered is the engine's to write and read; here it only travels, within
// bounds: whom a torrent may make us call, how often it is redirected, how large an answer grows,
// also after decompression, and how long all of it takes. A target of its own, as it is the only
// part of the engine that needs an HTTP client.
