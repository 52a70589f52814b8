internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// The transaction object of `eth_call` and its kin, and the overrides that go with it.
enum CallArguments {
  /// Reads the parameters: transaction, block, and overrides from `overrides` on.
  static func request(
    _ params: RPCParams, chainID: UInt64, overrides: Int?, limits: RPCMethodLimits
  ) throws(RPCError) -> CallRequest {
    var request = try read(try params.required(0, .object), chainID: chainID)
    guard let overrides else { return request }
    if let object = try params.optional(overrides, .object) {
      guard object.count <= limits.maximumOverrides else {
        throw .invalidParams("too many state overrides (max \(limits.maximumOverrides))")
      }
      do throws(RPCValueError) {
        for member in object.members {
          let address = try RPCValueDecoder<Address>.address.decode(.string(member.key))
          request.overrides[address] = try RPCValueDecoder.stateOverride.decode(member.value)
        }
      } catch {
        throw .invalidArgument(overrides, error)
      }
    }
    if let block = try params.optional(overrides + 1, .object), !block.isEmpty {
      throw .invalidParams(
        "block overrides are not supported: no code on this chain depends on the block")
    }
    return request
  }

  private static func read(
    _ object: JSONObject, chainID: UInt64
  ) throws(RPCError) -> CallRequest {
    var request = CallRequest()
    let data: [UInt8]?
    let input: [UInt8]?
    let price: UInt256?
    let cap: UInt256?
    let tip: UInt256?
    let chain: UInt256?
    do throws(RPCValueError) {
      request.from = try object.optional("from", .address) ?? .zero
      request.to = try object.optional("to", .address)
      request.gas = try object.optional("gas", .quantity64)
      request.value = try object.optional("value", .quantity) ?? .zero
      request.accessList = try object.optional("accessList", .array(.accessListEntry)) ?? []
      _ = try object.optional("nonce", .quantity64)
      data = try object.optional("data", .data)
      input = try object.optional("input", .data)
      price = try object.optional("gasPrice", .quantity)
      cap = try object.optional("maxFeePerGas", .quantity)
      tip = try object.optional("maxPriorityFeePerGas", .quantity)
      chain = try object.optional("chainId", .quantity)
    } catch {
      throw .invalidArgument(0, error)
    }
    if let data, let input, data != input {
      throw .server(
        "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass "
          + "transaction call data")
    }
    request.data = input ?? data ?? []
    if price != nil, cap != nil || tip != nil {
      throw .server("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    }
    if let cap, let tip, cap < tip {
      throw .server("maxFeePerGas (\(cap)) < maxPriorityFeePerGas (\(tip))")
    }
    if let chain, chain != UInt256(chainID) {
      throw .server("chainId does not match node's (have=\(chain), want=\(chainID))")
    }
    request.gasPrice = price ?? cap ?? .zero
    return request
  }
}

extension RPCValueDecoder<AccessListEntry> {
  static var accessListEntry: Self {
    Self { value throws(RPCValueError) in
      guard let object = value.objectValue else { throw .wrongType(expected: "an object") }
      return AccessListEntry(
        address: try object.required("address", .address),
        storageKeys: try object.optional("storageKeys", .array(.hash)) ?? [])
    }
  }
}

extension RPCValueDecoder<StateOverride> {
  static var stateOverride: Self {
    Self { value throws(RPCValueError) in
      guard let object = value.objectValue else { throw .wrongType(expected: "an object") }
      // Nothing but modules runs here, and they are what they are.
      for name in ["code", "state", "movePrecompileToAddress"] where object[name] != nil {
        throw .member(name, .wrongType(expected: "no such member: only balance, nonce, stateDiff"))
      }
      var override = StateOverride()
      override.balance = try object.optional("balance", .quantity)
      override.nonce = try object.optional("nonce", .quantity64)
      guard let slots = try object.optional("stateDiff", .object) else { return override }
      for member in slots.members {
        let slot = try RPCValueDecoder<Hash256>.slot.decode(.string(member.key))
        override.slots[slot] = try RPCValueDecoder<Hash256>.slot.decode(member.value)
      }
      return override
    }
  }
}
