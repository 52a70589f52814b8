public import Primitives

/// What a chain starts from, and the rules it keeps.
///
/// The file is geth's genesis JSON and one object of ours, `btt`. Everything in it that is not
/// state is bound into the genesis block: its hash is the block's extra data, so that two nodes
/// with the same genesis hash agree on every rule.
public struct Genesis: Hashable, Sendable {
  /// One account that exists from the start.
  public struct Allocation: Hashable, Sendable {
    /// Its money, in wei.
    public var balance: UInt256
    /// Its nonce.
    public var nonce: UInt64

    /// An allocation.
    public init(balance: UInt256, nonce: UInt64 = 0) {
      self.balance = balance
      self.nonce = nonce
    }
  }

  /// A member of the validator set.
  public struct Validator: Hashable, Sendable {
    /// The address of its key.
    public var address: Address
    /// Its weight in votes.
    public var weight: UInt64
    /// Whether it may make blocks; others only attest.
    public var makesBlocks: Bool

    /// A validator.
    public init(address: Address, weight: UInt64, makesBlocks: Bool) {
      self.address = address
      self.weight = weight
      self.makesBlocks = makesBlocks
    }
  }

  /// The chain's name, for people.
  public var name: String
  /// The chain id (EIP-155).
  public var chainID: UInt64
  /// Seconds since 1970 of the genesis block.
  public var timestamp: UInt64
  /// The gas limit of every block.
  public var gasLimit: UInt64
  /// All money there is, in wei; what `allocations` leave is the balance of `reserveAddress`.
  public var supply: UInt256
  /// The accounts that exist from the start.
  public var allocations: [Address: Allocation]
  /// The validator set, sorted by address.
  public var validators: [Validator]
  /// The native modules, by address.
  public var modules: [Address: ModuleKind]
  /// What becomes of fees.
  public var fees: FeePolicy
  /// What payment channels may be; nil on a chain without them.
  public var channels: ChannelRules?
  /// The root chains that it is bridged to; nil on a chain without a bridge.
  public var bridge: BridgeRules?

  /// A genesis from its parts; `init(json:)` checks what holds between them.
  public init(
    name: String, chainID: UInt64, timestamp: UInt64, gasLimit: UInt64, supply: UInt256,
    allocations: [Address: Allocation], validators: [Validator], modules: [Address: ModuleKind],
    fees: FeePolicy, channels: ChannelRules? = nil, bridge: BridgeRules? = nil
  ) {
    self.name = name
    self.chainID = chainID
    self.timestamp = timestamp
    self.gasLimit = gasLimit
    self.supply = supply
    self.allocations = allocations
    self.validators = validators.sorted { $0.address < $1.address }
    self.modules = modules
    self.fees = fees
    self.channels = channels
    self.bridge = bridge
  }

  /// The account whose balance is the supply that nobody holds: 0x…1010.
  public static let reserveAddress = Address(0x1010)
  /// The validator set's account on chains with a bridge: 0x…1000.
  public static let validatorSetAddress = Address(0x1000)
}

/// The native modules that this version knows.
public enum ModuleKind: UInt8, Hashable, Sendable, CaseIterable {
  /// The validator set.
  case validatorSet = 1
  /// BTT as a token.
  case btt = 2
  /// Payment channels and payers' vaults.
  case channels = 3
  /// What root chains tell, and what validators sign for them.
  case stateReceiver = 4
  /// A token of a root chain; it comes to be when it is mapped.
  case bridgedToken = 5

  /// The name in genesis files.
  public var name: String {
    switch self {
    case .validatorSet: "validatorSet"
    case .btt: "btt"
    case .channels: "channels"
    case .stateReceiver: "stateReceiver"
    case .bridgedToken: "bridgedToken"
    }
  }

  /// The account code that marks a module: `0xef ‖ "btt" ‖ kind`.
  ///
  /// EIP-3541 keeps anybody from deploying it.
  public var markerCode: [UInt8] { [0xef, 0x62, 0x74, 0x74, rawValue] }

  /// The module that `code` marks, or nil when it marks none.
  public init?(markerCode code: [UInt8]) {
    guard code.count == 5, code.starts(with: [0xef, 0x62, 0x74, 0x74]) else { return nil }
    self.init(rawValue: code[4])
  }
}

/// What a transaction's fees are, and where they go.
public struct FeePolicy: Hashable, Sendable {
  /// Where the base fee goes; the tip always goes to the proposer.
  public enum BaseFeeDestination: UInt8, Hashable, Sendable {
    /// Out of existence; the supply falls by it.
    case burn = 0
    /// To the treasury.
    case treasury = 1
    /// To the proposer.
    case proposer = 2
  }

  /// The base fee of the first block, in wei per gas.
  public var initialBaseFee: UInt256
  /// What the base fee never falls below, in wei per gas.
  public var baseFeeFloor: UInt256
  /// Where the base fee goes.
  public var baseFeeDestination: BaseFeeDestination
  /// The account that gets it when the destination is the treasury.
  public var treasury: Address

  /// A fee policy.
  public init(
    initialBaseFee: UInt256, baseFeeFloor: UInt256, baseFeeDestination: BaseFeeDestination,
    treasury: Address = .zero
  ) {
    self.initialBaseFee = initialBaseFee
    self.baseFeeFloor = baseFeeFloor
    self.baseFeeDestination = baseFeeDestination
    self.treasury = treasury
  }

  /// The base fee of the block after one that used `gasUsed` of `gasLimit` (EIP-1559 with an
  /// elasticity of 2 and steps of at most 1/8), never below the floor.
  public func nextBaseFee(after baseFee: UInt256, gasUsed: UInt64, gasLimit: UInt64) -> UInt256 {
    let target = max(gasLimit / 2, 1)
    if gasUsed == target { return max(baseFee, baseFeeFloor) }
    let distance = gasUsed > target ? gasUsed - target : target - gasUsed
    let delta =
      baseFee.multiplying(by: UInt256(distance))?
      .divided(by: UInt256(target))?.divided(by: 8) ?? .zero
    if gasUsed > target {
      return max(baseFee.adding(max(delta, .one)) ?? baseFee, baseFeeFloor)
    }
    return max(baseFee.subtracting(delta) ?? .zero, baseFeeFloor)
  }
}

extension Genesis {
  /// The hash over every rule that is not state: the genesis block's extra data.
  public var parametersHash: Hash256 {
    Keccak256.hash(
      RLPEncoder.list { list in
        list.append(Array("btt genesis 1".utf8))
        list.append(Array(name.utf8))
        list.append(chainID)
        list.append(gasLimit)
        list.append(supply)
        list.list { inner in
          for validator in validators {
            inner.append(validator.address)
            inner.append(validator.weight)
            inner.append(validator.makesBlocks ? 1 : 0 as UInt64)
          }
        }
        list.list { inner in
          for (address, kind) in modules.sorted(by: { $0.key < $1.key }) {
            inner.append(address)
            inner.append(UInt64(kind.rawValue))
          }
        }
        list.append(fees.initialBaseFee)
        list.append(fees.baseFeeFloor)
        list.append(UInt64(fees.baseFeeDestination.rawValue))
        list.append(fees.treasury)
        // Chains without channels keep the hash that they had before there were any.
        if let channels {
          list.list { inner in
            for grace in [channels.graceSeconds, channels.graceBlocks] {
              inner.append(UInt64(grace.range.lowerBound))
              inner.append(UInt64(grace.range.upperBound))
              inner.append(UInt64(grace.standard))
            }
          }
        }
        bridge?.encode(into: &list)
      })
  }

  /// Whether `address` may make blocks.
  public func makesBlocks(_ address: Address) -> Bool {
    validators.contains { $0.address == address && $0.makesBlocks }
  }

  /// The sum of what accounts start with, the reserve not counted; nil when it does not fit.
  package var allocated: UInt256? {
    var sum = UInt256.zero
    for allocation in allocations.values {
      guard let next = sum.adding(allocation.balance) else { return nil }
      sum = next
    }
    return sum
  }
}
