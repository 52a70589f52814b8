// PaymentChannels: paying and being paid over one-way channels of cumulative vouchers.
//
//   ChannelService                    the facade: async, one for each key and store
//     ├─ ChannelEngine                everything it decides, without I/O, a value
//     │    ├─ PayeeBook, PayerBook    one for each channel
//     │    ├─ VoucherIntake           cheap checks first, newest only, so many for each peer
//     │    ├─ CommitQueue             one synced batch for all channels at a time
//     │    ├─ Outbox                  ledger transactions that outlive a crash
//     │    └─ SettlementPolicy        when cashing is worth its fee
//     ├─ KeyLease                     one process for each key
//     ├─ LedgerClient                 the ledger, in process or far away
//     └─ KeyValueStore                the books on disk
//
// A function of the engine that must not speak before the disk does returns `.wait(generation)`:
// the caller has that generation synced and asks again. So the order "first durable, then said"
// stands in one place, and a simulation can kill the engine at every step of it.
//
//   let service = try await ChannelService.open(store: store, ledger: client, key: key)
//   let channels = try await service.open([terms])
//   let voucher = try await service.pay(channels[0].id, total: 5)     // send it to the payee
//   let credit = try await other.receive(voucher, from: peer)         // there, durable by now
