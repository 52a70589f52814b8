internal import Foundation
internal import Keys
internal import PaymentChannels
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct KeyLeaseTests {
  let directory: TemporaryDirectory
  let account = Fixture.payer.address

  init() throws { directory = try TemporaryDirectory() }

  @Test func `a second holder is refused and told of the first`() throws {
    do {
      let first = try KeyLease(of: account, in: directory.path)
      try first.take(storeID: .zero, epoch: 1)
      #expect {
        _ = try KeyLease(of: account, in: directory.path)
      } throws: { error in
        guard case ChannelError.keyInUse(account, let holder) = error else { return false }
        return holder.contains("process \(ProcessInfo.processInfo.processIdentifier)")
      }
      // Another key is free.
      _ = try KeyLease(of: Fixture.payee.address, in: directory.path)
    }
    _ = try KeyLease(of: account, in: directory.path)
  }

  @Test func `another store, and an older copy of the same, are told apart`() throws {
    let lease = try KeyLease(of: account, in: directory.path)
    try lease.check(storeID: .zero, epoch: 1)
    try lease.take(storeID: .zero, epoch: 4)
    try lease.check(storeID: .zero, epoch: 5)
    #expect(throws: ChannelError.self) { try lease.check(storeID: .zero, epoch: 4) }
    #expect(throws: ChannelError.self) { try lease.check(storeID: .zero, epoch: 2) }
    #expect(throws: ChannelError.self) {
      try lease.check(storeID: UInt256(9).word, epoch: 5)
    }
  }

  @Test func `a directory that is not there is an error that names the file`() {
    #expect {
      _ = try KeyLease(of: account, in: directory.path("absent"))
    } throws: { error in
      guard case ChannelError.lockFile(let path, _) = error else { return false }
      return path.hasSuffix("/absent/channels-\(account.hex).lock")
    }
  }
}
