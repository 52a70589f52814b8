internal import BitTorrent
internal import Bridge
internal import Consensus
internal import Logging
internal import PaymentChannels
internal import Primitives

extension NodeSettings {
  /// One setting: its name, what it means, and how it is read and written as text.
  public struct Entry: Sendable {
    /// The name in `config.toml`, as `section.name`.
    public let key: String
    /// What it means, with its unit and bounds.
    public let summary: String
    let get: @Sendable (NodeSettings) -> String
    let set: @Sendable (inout NodeSettings, String) throws(SettingError) -> Void

    /// The environment variable: `BTT_` and the name in capitals.
    public var environmentName: String {
      "BTT_" + key.uppercased().replacing(".", with: "_")
    }

    /// Whether the value is written with quotes in TOML.
    var isText: Bool { Int(get(NodeSettings())) == nil && Bool(get(NodeSettings())) == nil }
  }

  /// Why a value does not fit a setting.
  struct SettingError: Error { let wanted: String }

  /// Every setting, in the order of the sample file.
  public static let entries: [Entry] = [
    text("rpc.host", "address the JSON-RPC server listens on", \.rpc.host),
    number(
      "rpc.port", "port the JSON-RPC server listens on; 0 for any free one", \.rpc.port, 0...65_535),
    Entry(
      key: "rpc.auth",
      summary:
        "which requests need the token of admin.token: admin for those that change the node, all for every one",
      get: { $0.rpcNeedsToken ? "all" : "admin" },
      set: { settings, text throws(SettingError) in
        guard text == "admin" || text == "all" else { throw SettingError(wanted: "admin or all") }
        settings.rpcNeedsToken = text == "all"
      }),
    list(
      "rpc.allowed_hosts", "host names requests may be sent to, against DNS rebinding; * for any",
      \.rpc.allowedHosts),
    list(
      "rpc.cors_origins", "web origins that may ask, such as https://wallet.example; * for any",
      \.rpc.allowedOrigins),
    number("rpc.max_connections", "connections at a time", \.rpc.maximumConnections, 1...100_000),
    number("rpc.max_body_bytes", "bytes of a request", \.rpc.maximumBodyBytes, 1_024...(256 << 20)),
    number("rpc.max_batch", "requests in a batch", \.requests.maximumBatchItems, 1...100_000),
    number(
      "rpc.max_reply_bytes", "bytes of a reply", \.requests.maximumReplyBytes,
      (20 << 20)...(1 << 30)),
    duration("rpc.timeout", "time a request may take", \.requests.timeout),
    duration("rpc.read_timeout", "time a client may take to send a request", \.rpc.readTimeout),
    duration("rpc.idle_timeout", "time a connection may stay idle", \.rpc.idleTimeout),
    Entry(
      key: "rpc.log_range", summary: "blocks one log query may span",
      get: { String($0.logRange) },
      set: { settings, text throws(SettingError) in
        guard let value = UInt64(text), value > 0 else {
          throw SettingError(wanted: "a whole number above 0")
        }
        settings.logRange = value
      }),
    number("rpc.log_results", "logs one query may return", \.logResults, 1...1_000_000),
    Entry(
      key: "chain.history",
      summary: "blocks for which balances and storage stay readable: all, or a number",
      get: { $0.history.map(String.init) ?? "all" },
      set: { settings, text throws(SettingError) in
        if text == "all" {
          settings.history = nil
        } else if let count = UInt64(text), count > 0 {
          settings.history = count
        } else {
          throw SettingError(wanted: "all, or a whole number above 0")
        }
      }),
    Entry(
      key: "validator.block_time",
      summary: "how often blocks are made: a duration such as 1s or 500ms, or on-demand",
      get: {
        switch $0.pace {
        case .onDemand: "on-demand"
        case .every(let interval): format(interval)
        }
      },
      set: { settings, text throws(SettingError) in
        if text == "on-demand" {
          settings.pace = .onDemand
        } else {
          settings.pace = .every(try parseDuration(text, wanted: "a duration or on-demand"))
        }
      }),
    Entry(
      key: "validator.fee_recipient",
      summary: "address that gets the tips; empty for the validator's own",
      get: { $0.feeRecipient?.checksummed ?? "" },
      set: { settings, text throws(SettingError) in
        if text.isEmpty {
          settings.feeRecipient = nil
        } else {
          do { settings.feeRecipient = try Address(checksummed: text) } catch {
            throw SettingError(wanted: "an address (\(error))")
          }
        }
      }),
    optional(
      "validator.key_file",
      "keystore file, or file with a hex key, of the validator; empty for the one made by init",
      \.validatorKeyFile),
    optional(
      "validator.password_file", "file with the password of the validator's key; empty to ask",
      \.validatorPasswordFile),
    optional(
      "validator.guard_file",
      "double-sign guard, best on another disk; empty for the data directory", \.guardFile),
    optional(
      "follow.url", "JSON-RPC address of a node to follow instead of making blocks; empty for none",
      \.followURL),
    optional(
      "follow.token_file", "file with the token of the followed node, if it has rpc.auth = all",
      \.followTokenFile),
    duration("follow.interval", "how often to ask the followed node for blocks", \.followInterval),
    number("pool.slots", "transactions that may wait", \.poolSlots, 1...10_000_000),
    number(
      "pool.sender_slots", "transactions of one sender that may wait", \.poolSenderSlots,
      1...1_000_000),
    optional(
      "channels.key_file",
      "key file of the account whose payment channels the node runs; empty for none",
      \.channelKeyFile),
    optional(
      "channels.password_file", "file with the password of the channels' key; empty to ask",
      \.channelPasswordFile),
    Entry(
      key: "channels.receive",
      summary: "who may hand in vouchers, which only bring money: admin, or all who reach the node",
      get: { $0.channelReceivingIsOpen ? "all" : "admin" },
      set: { settings, text throws(SettingError) in
        guard text == "admin" || text == "all" else { throw SettingError(wanted: "admin or all") }
        settings.channelReceivingIsOpen = text == "all"
      }),
    amount(
      "channels.window", "credit that a payer's channel has beyond what is paid",
      \.channels.window),
    amount(
      "channels.min_deposit", "channels to the node with less are ignored",
      \.channels.minimumDeposit),
    grace(
      "channels.min_grace", "channels to the node with fewer seconds of grace are ignored",
      \.channels.minimumGraceSeconds),
    grace(
      "channels.min_grace_blocks", "channels to the node with fewer blocks of grace are ignored",
      \.channels.minimumGraceBlocks),
    amount(
      "channels.settle_floor", "vouchers are cashed only when they bring at least so much",
      \.channels.settlementFloor),
    Entry(
      key: "torrents.enabled", summary: "whether the node runs torrents: true or false",
      get: { String($0.torrents.isEnabled) },
      set: { settings, text throws(SettingError) in
        guard let value = Bool(text) else { throw SettingError(wanted: "true or false") }
        settings.torrents.isEnabled = value
      }),
    Entry(
      key: "torrents.listen",
      summary: "address and port on which peers are listened for; port 0 for any free one",
      get: { $0.torrents.listen.description },
      set: { settings, text throws(SettingError) in
        guard let address = PeerAddress(text), !address.isMulticast else {
          throw SettingError(wanted: "an address with a port, such as [::]:6881")
        }
        settings.torrents.listen = address
      }),
    optional(
      "torrents.directory",
      "folder of torrents that name none; empty for downloads in the data directory",
      \.torrents.directory),
    list(
      "torrents.roots", "further folders in which torrents may lie and torrent files may be read",
      \.torrents.roots),
    number(
      "torrents.max_connections", "connections of all torrents", \.torrents.maximumConnections,
      1...65_536),
    Entry(
      key: "torrents.dht",
      summary: "whether peers are looked for in the distributed hash table: true or false",
      get: { String($0.torrents.dht) },
      set: { settings, text throws(SettingError) in
        guard let value = Bool(text) else { throw SettingError(wanted: "true or false") }
        settings.torrents.dht = value
      }),
    Entry(
      key: "torrents.local_discovery",
      summary:
        "whether peers are looked for on the local network: true, false, or auto: unless torrents.listen is loopback",
      get: { $0.torrents.localDiscovery.map { String($0) } ?? "auto" },
      set: { settings, text throws(SettingError) in
        guard text == "auto" || Bool(text) != nil else {
          throw SettingError(wanted: "true, false or auto")
        }
        settings.torrents.localDiscovery = Bool(text)
      }),
    Entry(
      key: "torrents.encryption",
      summary: "whether connections to peers are encrypted: off, allow, prefer or require",
      get: { $0.torrents.encryption.rawValue },
      set: { settings, text throws(SettingError) in
        guard let policy = EncryptionPolicy(rawValue: text) else {
          throw SettingError(wanted: "off, allow, prefer or require")
        }
        settings.torrents.encryption = policy
      }),
    rate("torrents.upload_limit", "payload to peers in KiB a second", \.torrents.uploadLimit),
    rate("torrents.download_limit", "payload from peers in KiB a second", \.torrents.downloadLimit),
    number(
      "torrents.active_downloads", "downloads in which something moves at a time; 0 for all",
      \.torrents.activeDownloads, 0...100_000),
    number(
      "torrents.active_seeds", "complete torrents in which something moves at a time; 0 for all",
      \.torrents.activeSeeds, 0...100_000),
    number(
      "torrents.active", "torrents at a time that take up memory and files",
      \.torrents.activeTorrents, 1...10_000),
    amount(
      "torrents.price", "what a MiB of upload costs at least; 0 sells nothing", \.torrents.price),
    Entry(
      key: "torrents.spending",
      summary: "whether torrents with a budget are paid for: true or false",
      get: { String($0.torrents.isSpending) },
      set: { settings, text throws(SettingError) in
        guard let value = Bool(text) else { throw SettingError(wanted: "true or false") }
        settings.torrents.isSpending = value
      }),
    number(
      "torrents.paid_share", "hundredths of the upload that are for sale", \.torrents.paidShare,
      1...100),
    list(
      "bridge.eth_rpc", "JSON-RPC addresses of Ethereum nodes that must agree; none for no bridge",
      \.bridge.eth.urls),
    finality("bridge.eth_finality", \.bridge.eth.finality),
    height("bridge.eth_start", \.bridge.eth.start),
    list(
      "bridge.bsc_rpc",
      "JSON-RPC addresses of BNB Smart Chain nodes that must agree; none for no bridge",
      \.bridge.bsc.urls),
    finality("bridge.bsc_finality", \.bridge.bsc.finality),
    height("bridge.bsc_start", \.bridge.bsc.start),
    number(
      "bridge.quorum", "nodes of a root chain that must agree; 0 for more than half",
      \.bridge.quorum, 0...64),
    optional(
      "bridge.key_file",
      "key file of the account that pays for proofs and checkpoints; empty for the validator's",
      \.bridge.keyFile),
    optional(
      "bridge.password_file", "file with the password of the bridge's key; empty to ask",
      \.bridge.passwordFile),
    optional(
      "bridge.validator_key_file",
      "key file of a validator that attests and makes no blocks; empty for the block maker's",
      \.bridge.validatorKeyFile),
    optional(
      "bridge.validator_password_file",
      "file with the password of that validator's key; empty to ask",
      \.bridge.validatorPasswordFile),
    duration(
      "bridge.poll", "pause between two looks at a chain", \.bridge.pollInterval),
    number(
      "bridge.checkpoint_blocks", "fewest blocks between two checkpoints of a root chain",
      \.bridge.checkpointBlocks, 1...1_000_000),
    amount(
      "bridge.max_gas_price", "most to pay for gas on root chains", \.bridge.maximumGasPrice),
    duration(
      "bridge.fee_patience", "time after which a waiting transaction's fee is raised",
      \.bridge.feePatience),
    amount(
      "bridge.low_balance", "an account of the bridge with less makes an alarm",
      \.bridge.lowBalance),
    Entry(
      key: "log.level", summary: "least that is logged: trace, debug, info, notice, warning, error",
      get: { $0.logLevel.rawValue },
      set: { settings, text throws(SettingError) in
        guard let level = Logger.Level(rawValue: text) else {
          throw SettingError(wanted: "one of trace, debug, info, notice, warning, error, critical")
        }
        settings.logLevel = level
      }),
    Entry(
      key: "log.format", summary: "form of log lines: text or json",
      get: { $0.logsJSON ? "json" : "text" },
      set: { settings, text throws(SettingError) in
        guard text == "text" || text == "json" else { throw SettingError(wanted: "text or json") }
        settings.logsJSON = text == "json"
      }),
  ]

  private static func text(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, String> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: summary, get: { $0[keyPath: path] },
      set: { settings, text throws(SettingError) in
        guard !text.isEmpty else { throw SettingError(wanted: "a text") }
        settings[keyPath: path] = text
      })
  }

  private static func optional(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, String?> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: summary, get: { $0[keyPath: path] ?? "" },
      set: { settings, text throws(SettingError) in
        settings[keyPath: path] = text.isEmpty ? nil : text
      })
  }

  private static func list(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, [String]> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: summary + "; several with commas",
      get: { $0[keyPath: path].joined(separator: ",") },
      set: { settings, text throws(SettingError) in
        settings[keyPath: path] = text.split(separator: ",").map {
          String($0).trimmingPrefix(" ").description
        }
      })
  }

  private static func finality(
    _ key: String, _ path: any WritableKeyPath<NodeSettings, RootFinality> & Sendable
  ) -> Entry {
    Entry(
      key: key,
      summary: "when its blocks are final: finalized (the tag), or so many blocks below the newest",
      get: { $0[keyPath: path].description },
      set: { settings, text throws(SettingError) in
        guard let finality = RootFinality(text) else {
          throw SettingError(wanted: "finalized, or a whole number from 1 to 1000000")
        }
        settings[keyPath: path] = finality
      })
  }

  private static func height(
    _ key: String, _ path: any WritableKeyPath<NodeSettings, UInt64> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: "block of it at which reading begins, before the contracts were there",
      get: { String($0[keyPath: path]) },
      set: { settings, text throws(SettingError) in
        guard let height = UInt64(text) else { throw SettingError(wanted: "a block's number") }
        settings[keyPath: path] = height
      })
  }

  private static func number(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, Int> & Sendable,
    _ bounds: ClosedRange<Int>
  ) -> Entry {
    Entry(
      key: key, summary: summary, get: { String($0[keyPath: path]) },
      set: { settings, text throws(SettingError) in
        guard let value = Int(text), bounds.contains(value) else {
          throw SettingError(
            wanted: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        settings[keyPath: path] = value
      })
  }

  private static func rate(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, Int> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: summary + "; 0 for no limit", get: { String($0[keyPath: path]) },
      set: { settings, text throws(SettingError) in
        guard let value = Int(text), value == 0 || (16...1 << 40).contains(value) else {
          throw SettingError(wanted: "0, or a whole number from 16")
        }
        settings[keyPath: path] = value
      })
  }

  private static func grace(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, UInt32> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: summary, get: { String($0[keyPath: path]) },
      set: { settings, text throws(SettingError) in
        guard let value = UInt32(text) else {
          throw SettingError(wanted: "a whole number below 2^32")
        }
        settings[keyPath: path] = value
      })
  }

  private static func amount(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, UInt128> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: summary + "; in BTT unless it has a unit",
      get: { Amount(wei: UInt256($0[keyPath: path])).formatted(.wei) },
      set: { settings, text throws(SettingError) in
        guard let amount = try? Amount(parsing: text), amount.wei.high == 0 else {
          throw SettingError(wanted: "an amount such as 1.5 or \"1000 wei\"")
        }
        settings[keyPath: path] = amount.wei.low
      })
  }

  private static func duration(
    _ key: String, _ summary: String, _ path: any WritableKeyPath<NodeSettings, Duration> & Sendable
  ) -> Entry {
    Entry(
      key: key, summary: summary + "; such as 30s or 250ms", get: { format($0[keyPath: path]) },
      set: { settings, text throws(SettingError) in
        settings[keyPath: path] = try parseDuration(text, wanted: "a duration")
      })
  }

  private static func parseDuration(
    _ text: String, wanted: String
  ) throws(SettingError) -> Duration {
    let units: [(String, Int64)] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
    for (suffix, scale) in units where text.hasSuffix(suffix) {
      if let count = Int64(text.dropLast(suffix.count)), (1...1_000_000_000).contains(count) {
        return .milliseconds(count * scale)
      }
    }
    throw SettingError(wanted: "\(wanted): a whole number with ms, s, m or h")
  }

  private static func format(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    return milliseconds == 0 ? "\(seconds)s" : "\(seconds * 1_000 + milliseconds)ms"
  }
}
