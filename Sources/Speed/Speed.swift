// Speed: peers of a torrent sell and buy each other's upload, and pay through channels.
//
//   SpeedAccounts                  what the torrents of a session share; one event loop
//     ├─ PriceClock                one price for all buyers, with a clock
//     ├─ CreditOffice              who may owe how much, strangers within one bound
//     ├─ SellingChannel            a channel that pays us      ┐ amounts in wei,
//     ├─ BuyingChannel             a channel that we pay by    ┘ exact by Bill
//     ├─ ChannelDesk               the seam to signing, books and ledger: orders out,
//     │    DeskMailbox             events in, from any thread
//     └─ SpeedMarket               one torrent's Strategy: slots, shares, offers, gain
//          └─ SpeedConnection      one peer, both directions
//               ├─ SellerState     quotes, promises, barter
//               └─ BuyerState      offers, prices of requests, pieces to be checked
//                    └─ BlockTable  values by requests, for what every block costs
//                       PriceList   prices by small numbers
//
// Nothing here has sockets, disk, clock or threads: time comes with the engine's calls, money
// matters go to the desk and come back as events. So whole swarms of cheaters run from one seed.
// The wire is specified in docs/specs/speed-extension.md; `SpeedMessage` reads and writes it.
//
//   let accounts = SpeedAccounts(desk: desk, mailbox: mailbox, configuration: configuration)
//   let market = SpeedMarket(accounts: accounts, buying: terms)   // the torrent's strategy
//   market.wake = { … }                                           // have the torrent a batch
//   mailbox.onPost { … }                                          // the same, from other threads
