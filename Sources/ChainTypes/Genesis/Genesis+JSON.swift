public import JSON
internal import Primitives

extension Genesis {
  /// Reads a genesis file.
  ///
  /// - Throws: `GenesisError` that names the member at fault.
  public init(json bytes: [UInt8]) throws(GenesisError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(bytes, limits: Self.fileLimits)
    } catch {
      throw GenesisError("", "not JSON: \(error)")
    }
    try self.init(json: value)
  }

  /// Reads a parsed genesis file.
  ///
  /// - Throws: `GenesisError` that names the member at fault.
  public init(json value: JSONValue) throws(GenesisError) {
    let root = try GenesisReader(value, path: "")
    let config = try root.object("config")
    let ours = try root.object("btt")
    try ours.allowOnly([
      "name", "supply", "validators", "modules", "fees", "channels", "bridge", "forks",
      "comment",
    ])

    name = try ours.string("name")
    chainID = try config.uint64("chainId")
    guard (1...(.max >> 2)).contains(chainID) else {
      throw GenesisError("config.chainId", "must be between 1 and 2^62 − 1")
    }
    timestamp = try root.optionalUInt64("timestamp") ?? 0
    gasLimit = try root.uint64("gasLimit")
    guard (1_000_000...(1 << 53)).contains(gasLimit) else {
      throw GenesisError("gasLimit", "must be between 1 000 000 and 2^53")
    }
    for member in ["number", "gasUsed", "difficulty", "nonce"] {
      guard try root.optionalUInt64(member) ?? 0 == 0 else {
        throw GenesisError(member, "must be 0 or absent on this chain")
      }
    }
    if let extra = root.value["extraData"]?.stringValue, extra != "0x", !extra.isEmpty {
      throw GenesisError("extraData", "must be empty: the hash of the chain's rules goes there")
    }
    if ours.value["forks"] != nil,
      let fork = try ours.object("forks").value.objectValue?.members.first
    {
      throw GenesisError(
        "btt.forks.\(fork.key)",
        "this version does not know the fork: use a version of btt that does, or remove it")
    }
    supply = try ours.wei("supply")
    validators = try Self.readValidators(ours)
    modules = try Self.readModules(ours)
    fees = try Self.readFees(try ours.object("fees"))
    channels = ours.value["channels"] == nil ? nil : try ChannelRules(ours.object("channels"))
    bridge = ours.value["bridge"] == nil ? nil : try BridgeRules(ours.object("bridge"))
    if let base = root.value["baseFeePerGas"] {
      fees.initialBaseFee = try GenesisReader.wei(base, path: "baseFeePerGas")
    }
    allocations = try Self.readAllocations(try root.object("alloc"))
    try validate()
  }

  /// What a genesis file may hold: enough for a million accounts.
  private static var fileLimits: JSONLimits {
    JSONLimits(maximumDepth: 16, maximumValues: 8_000_000)
  }

  private static func readValidators(_ ours: GenesisReader) throws(GenesisError) -> [Validator] {
    var validators: [Validator] = []
    for entry in try ours.objects("validators") {
      try entry.allowOnly(["address", "weight", "makesBlocks", "comment"])
      validators.append(
        Validator(
          address: try entry.address("address"), weight: try entry.uint64("weight"),
          makesBlocks: try entry.optionalBool("makesBlocks") ?? true))
    }
    return validators.sorted { $0.address < $1.address }
  }

  private static func readModules(
    _ ours: GenesisReader
  ) throws(GenesisError) -> [Address: ModuleKind] {
    var modules: [Address: ModuleKind] = [:]
    for member in try ours.object("modules").value.objectValue?.members ?? [] {
      let path = "btt.modules.\(member.key)"
      let address = try GenesisReader.address(.string(member.key), path: path)
      let kinds = ModuleKind.allCases.filter { $0 != .bridgedToken }
      guard let kind = kinds.first(where: { $0.name == member.value.stringValue }) else {
        let known = kinds.map(\.name).joined(separator: ", ")
        throw GenesisError(path, "no such module; this version knows \(known)")
      }
      guard modules.updateValue(kind, forKey: address) == nil else {
        throw GenesisError(path, "stands twice")
      }
    }
    return modules
  }

  private static func readFees(_ fees: GenesisReader) throws(GenesisError) -> FeePolicy {
    try fees.allowOnly(["floor", "initial", "baseFee", "treasury", "comment"])
    let floor = try fees.wei("floor")
    let destination: FeePolicy.BaseFeeDestination
    switch try fees.string("baseFee") {
    case "burn": destination = .burn
    case "treasury": destination = .treasury
    case "proposer": destination = .proposer
    default: throw GenesisError("btt.fees.baseFee", "must be burn, treasury or proposer")
    }
    return FeePolicy(
      initialBaseFee: fees.value["initial"] == nil ? floor : try fees.wei("initial"),
      baseFeeFloor: floor, baseFeeDestination: destination,
      treasury: destination == .treasury ? try fees.address("treasury") : .zero)
  }

  private static func readAllocations(
    _ alloc: GenesisReader
  ) throws(GenesisError) -> [Address: Allocation] {
    var allocations: [Address: Allocation] = [:]
    for member in alloc.value.objectValue?.members ?? [] {
      let path = "alloc.\(member.key)"
      let address = try GenesisReader.address(.string(member.key), path: path)
      let entry = try GenesisReader(member.value, path: path)
      try entry.allowOnly(["balance", "nonce", "comment"]) { member in
        member == "code" || member == "storage"
          ? "is refused: this chain runs no bytecode; modules stand under btt.modules" : nil
      }
      let allocation = Allocation(
        balance: try entry.wei("balance"), nonce: try entry.optionalUInt64("nonce") ?? 0)
      guard allocations.updateValue(allocation, forKey: address) == nil else {
        throw GenesisError(path, "stands twice")
      }
    }
    return allocations
  }

  /// Checks what holds between members.
  private func validate() throws(GenesisError) {
    guard let allocated, allocated <= supply else {
      throw GenesisError("alloc", "allocates more than btt.supply")
    }
    for address in modules.keys where allocations[address] != nil {
      throw GenesisError(
        "alloc.\(address.hex)", "is a module: what alloc leaves of the supply is the reserve")
    }
    guard modules[Self.reserveAddress] == .btt,
      modules.values.filter({ $0 == .btt }).count == 1
    else {
      throw GenesisError(
        "btt.modules", "must have btt at \(Self.reserveAddress.hex), and only there")
    }
    let homes = modules.filter { $0.value == .channels }.keys
    guard homes.isEmpty || Array(homes) == [ChannelModule.address] else {
      throw GenesisError(
        "btt.modules", "may have channels at \(ChannelModule.address.hex), and only there")
    }
    guard homes.isEmpty == (channels == nil) else {
      throw GenesisError(
        "btt.channels", "must be given with the module channels, and only then")
    }
    // So that no vault and no refund can outgrow its 128 bits.
    guard channels == nil || supply.bitWidth <= 128 else {
      throw GenesisError("btt.supply", "must fit 128 bits on a chain with channels")
    }
    try validateBridge()
    guard validators.contains(where: \.makesBlocks) else {
      throw GenesisError("btt.validators", "nobody may make blocks; give one makesBlocks: true")
    }
    guard Set(validators.map(\.address)).count == validators.count else {
      throw GenesisError("btt.validators", "has an address twice")
    }
    var weight: UInt64 = 0
    for validator in validators {
      let (sum, overflow) = weight.addingReportingOverflow(validator.weight)
      guard validator.weight > 0, !overflow, sum <= .max >> 2 else {
        throw GenesisError("btt.validators", "weights must be above 0, their sum below 2^62")
      }
      weight = sum
    }
    guard fees.initialBaseFee >= fees.baseFeeFloor else {
      throw GenesisError("btt.fees.initial", "is below the floor")
    }
    guard fees.initialBaseFee.bitWidth <= 128 else {
      throw GenesisError("btt.fees", "the base fee must fit 128 bits")
    }
  }
}

extension ChannelRules {
  fileprivate init(_ reader: GenesisReader) throws(GenesisError) {
    try reader.allowOnly(["graceSeconds", "graceBlocks", "comment"])
    graceSeconds = try Grace(reader.object("graceSeconds"))
    graceBlocks = try Grace(reader.object("graceBlocks"))
  }
}

extension ChannelRules.Grace {
  fileprivate init(_ reader: GenesisReader) throws(GenesisError) {
    try reader.allowOnly(["least", "most", "standard"])
    let least = try reader.uint64("least")
    let most = try reader.uint64("most")
    let standard = try reader.uint64("standard")
    guard 1 <= least, least <= standard, standard <= most, most <= UInt32.max / 2 else {
      throw GenesisError(
        reader.path, "must have 1 <= least <= standard <= most <= \(UInt32.max / 2)")
    }
    self.init(UInt32(least)...UInt32(most), standard: UInt32(standard))
  }
}
