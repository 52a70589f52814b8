internal import ChainTypes
internal import Keys
internal import Ledger
internal import Primitives

/// Where a transaction stands, as replies tell it.
struct TransactionPlace {
  var blockNumber: UInt64
  var blockHash: Hash256
  var timestamp: UInt64
  var index: Int
  /// What fees are reckoned by; logs do without.
  var baseFee = UInt256.zero
}

extension TransactionPlace {
  init(header: BlockHeader, hash: Hash256, index: Int) {
    self.init(
      blockNumber: header.number, blockHash: hash, timestamp: header.timestamp, index: index,
      baseFee: header.baseFeePerGas)
  }
}

// Members stand in the order in which geth writes them.
extension ReplyWriter {
  private static let emptyNonce = [UInt8](repeating: 0, count: 8)

  /// A block: `senders` are given for whole transactions, nil for hashes only.
  mutating func block(_ block: Block, hash: Hash256, senders: [Address]?) {
    object { reply in
      reply.headerMembers(block.header, hash: hash)
      reply.member("size", UInt64(block.encoded.count))
      reply.key("transactions")
      if let senders {
        reply.array(zip(block.transactions, senders).enumerated()) { reply, element in
          let place = TransactionPlace(header: block.header, hash: hash, index: element.offset)
          reply.transaction(element.element.0, from: element.element.1, at: place)
        }
      } else {
        reply.array(block.transactions.lazy.map(\.hash))
      }
      reply.key("uncles")
      reply.literal("[]")
      reply.key("withdrawals")
      reply.literal("[]")
    }
  }

  private mutating func headerMembers(_ header: BlockHeader, hash: Hash256) {
    member("number", header.number)
    member("hash", hash)
    member("parentHash", header.parentHash)
    member("nonce", Self.emptyNonce)
    member("mixHash", Hash256.zero)
    member("sha3Uncles", BlockHeader.emptyUnclesHash)
    member("logsBloom", header.logsBloom.bytes)
    member("stateRoot", header.stateRoot)
    member("miner", header.feeRecipient)
    member("difficulty", 0 as UInt64)
    member("extraData", header.extraData)
    member("gasLimit", header.gasLimit)
    member("gasUsed", header.gasUsed)
    member("timestamp", header.timestamp)
    member("transactionsRoot", header.transactionsRoot)
    member("receiptsRoot", header.receiptsRoot)
    member("baseFeePerGas", header.baseFeePerGas)
    member("withdrawalsRoot", BlockHeader.emptyTrieRoot)
    member("blobGasUsed", 0 as UInt64)
    member("excessBlobGas", 0 as UInt64)
    member("parentBeaconBlockRoot", Hash256.zero)
  }

  /// A transaction; without a place it is one that waits.
  mutating func transaction(
    _ signed: SignedTransaction, from sender: Address, at place: TransactionPlace?
  ) {
    let transaction = signed.transaction
    object { reply in
      reply.member("blockHash", place?.blockHash)
      reply.member("blockNumber", place?.blockNumber)
      reply.member("from", sender)
      reply.member("gas", transaction.gasLimit)
      reply.member(
        "gasPrice",
        place.map { transaction.effectiveGasPrice(baseFee: $0.baseFee) }
          ?? transaction.maxFeePerGas)
      if transaction.kind == .dynamicFee {
        reply.member("maxFeePerGas", transaction.maxFeePerGas)
        reply.member("maxPriorityFeePerGas", transaction.maxPriorityFeePerGas)
      }
      reply.member("hash", signed.hash)
      reply.member("input", transaction.data)
      reply.member("nonce", transaction.nonce)
      reply.member("to", transaction.to)
      reply.member("transactionIndex", place.map { UInt64($0.index) })
      reply.member("value", transaction.value)
      reply.member("type", UInt64(transaction.kind.rawValue))
      if transaction.kind != .legacy {
        reply.key("accessList")
        reply.accessList(transaction.accessList)
      }
      if let chainID = transaction.chainID { reply.member("chainId", chainID) }
      reply.member("v", signed.v)
      reply.member("r", signed.signature.r)
      reply.member("s", signed.signature.s)
      if transaction.kind != .legacy {
        reply.member("yParity", UInt64(signed.signature.recoveryID))
      }
    }
  }

  mutating func accessList(_ entries: [AccessListEntry]) {
    array(entries) { reply, entry in
      reply.object { reply in
        reply.member("address", entry.address)
        reply.key("storageKeys")
        reply.array(entry.storageKeys)
      }
    }
  }

  mutating func receipt(
    _ stored: StoredReceipt, of signed: SignedTransaction, at place: TransactionPlace
  ) {
    let transaction = signed.transaction
    object { reply in
      reply.member("blockHash", place.blockHash)
      reply.member("blockNumber", place.blockNumber)
      reply.key("contractAddress")
      reply.null()
      reply.member("cumulativeGasUsed", stored.receipt.cumulativeGasUsed)
      reply.member("effectiveGasPrice", transaction.effectiveGasPrice(baseFee: place.baseFee))
      reply.member("from", stored.sender)
      reply.member("gasUsed", stored.gasUsed)
      reply.key("logs")
      reply.array(stored.receipt.logs.enumerated()) { reply, element in
        reply.log(
          element.element, number: stored.firstLogIndex + element.offset, transaction: signed.hash,
          at: place)
      }
      reply.member("logsBloom", stored.receipt.bloom.bytes)
      reply.member("status", (stored.receipt.succeeded ? 1 : 0) as UInt64)
      reply.member("to", transaction.to)
      reply.member("transactionHash", signed.hash)
      reply.member("transactionIndex", UInt64(place.index))
      reply.member("type", UInt64(transaction.kind.rawValue))
    }
  }

  mutating func log(_ located: LocatedLog) {
    let place = TransactionPlace(
      blockNumber: located.blockNumber, blockHash: located.blockHash,
      timestamp: located.blockTimestamp, index: located.transactionIndex)
    log(located.log, number: located.logIndex, transaction: located.transactionHash, at: place)
  }

  private mutating func log(
    _ log: Log, number: Int, transaction: Hash256, at place: TransactionPlace
  ) {
    object { reply in
      reply.member("address", log.address)
      reply.key("topics")
      reply.array(log.topics)
      reply.member("data", log.data)
      reply.member("blockNumber", place.blockNumber)
      reply.member("transactionHash", transaction)
      reply.member("transactionIndex", UInt64(place.index))
      reply.member("blockHash", place.blockHash)
      reply.member("blockTimestamp", place.timestamp)
      reply.member("logIndex", UInt64(number))
      reply.member("removed", false)
    }
  }
}
