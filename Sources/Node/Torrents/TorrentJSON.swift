internal import BitTorrent
internal import JSON
internal import Metainfo
internal import Primitives

// How replies and events tell of torrents.

extension TorrentOverview {
  var json: JSONObject {
    let transfer = status.transfer
    var json: JSONObject = [
      "infoHash": .string(id.hex), "name": status.name.json, "phase": .string(status.phase.name),
      "position": JSONValue(position), "forced": .bool(isForced),
      "directory": .string(options.directory), "pieces": JSONValue(transfer.pieceCount),
      "piecesDone": JSONValue(transfer.piecesDone), "bytesWanted": JSONValue(transfer.bytesWanted),
      "bytesDone": JSONValue(transfer.bytesDone), "downloadRate": JSONValue(transfer.downloadRate),
      "uploadRate": JSONValue(transfer.uploadRate), "peers": JSONValue(transfer.connections),
      "seeds": JSONValue(transfer.seeds), "downloaded": JSONValue(status.totals.downloaded),
      "uploaded": JSONValue(status.totals.uploaded), "wasted": JSONValue(transfer.wasted),
      "activeSeconds": JSONValue(status.totals.activeSeconds),
      "addedAt": JSONValue(status.totals.addedAt), "sequential": .bool(options.isSequential),
      "uploadLimit": JSONValue(options.uploadLimit ?? 0),
      "downloadLimit": JSONValue(options.downloadLimit ?? 0),
    ]
    json["infoHashV1"] = hashes.v1.map { .string($0.hex) }
    json["infoHashV2"] = hashes.v2.map { .string(Hex.encode($0.bytes, prefix: false)) }
    json["completedAt"] = status.totals.completedAt.map { JSONValue($0) }
    json["ratio"] = status.ratio.flatMap { JSONValue(exactly: ($0 * 1_000).rounded() / 1_000) }
    json["secondsLeft"] = status.secondsLeft.map { JSONValue($0) }
    json["bottleneck"] = status.bottleneck.map { .string($0.rawValue) }
    json["reason"] = status.phase.reason.map { .string($0) }
    json["trackerMessage"] = status.trackerMessage.map { .string($0) }
    if let checked = status.checked {
      json["checked"] = JSONValue(checked.done)
      json["toCheck"] = JSONValue(checked.of)
    }
    return json
  }
}

extension TorrentStatus.Phase {
  var name: String {
    switch self {
    case .checking: "checking"
    case .metadata: "metadata"
    case .downloading: "downloading"
    case .seeding: "seeding"
    case .stalled: "stalled"
    case .failed: "failed"
    case .paused: "paused"
    case .queued: "queued"
    case .stopped: "stopped"
    }
  }

  /// Why it does not go on, where it does not.
  var reason: String? {
    switch self {
    case .stalled(let error), .failed(let error): error.message
    default: nil
    }
  }
}

extension TorrentPeer {
  var json: JSONValue {
    [
      "address": .string(address.description), "incoming": .bool(direction == .incoming),
      "client": .string(client), "pieces": JSONValue(pieces),
      "downloaded": JSONValue(downloaded), "uploaded": JSONValue(uploaded),
      "downloadRate": JSONValue(downloadRate), "uploadRate": JSONValue(uploadRate),
      "interesting": .bool(isInteresting), "unchokingUs": .bool(isUnchokingUs),
      "interested": .bool(isInterested), "unchoked": .bool(isUnchoked),
      "requestsOpen": JSONValue(requestsOpen), "requestsQueued": JSONValue(requestsQueued),
    ]
  }
}

extension TorrentFileStatus {
  var json: JSONValue {
    [
      "number": JSONValue(number), "path": .string(path), "length": JSONValue(length),
      "done": JSONValue(done), "priority": JSONValue(priority),
    ]
  }
}

extension TrackerStatus {
  var json: JSONValue {
    var json: JSONObject = [
      "url": .string("\(url)"), "infoHash": .string(infoHash.hex), "tier": JSONValue(tier),
      "working": .bool(isWorking), "announcing": .bool(isAnnouncing),
    ]
    json["seeds"] = counts.complete.map { JSONValue($0) }
    json["leechers"] = counts.incomplete.map { JSONValue($0) }
    json["failure"] = failure.map { .string("\($0)") }
    json["warning"] = warning.map { .string($0) }
    return .object(json)
  }
}

extension SessionStatistics {
  func json(limits: SessionLimits, address: PeerAddress) -> JSONObject {
    [
      "listen": .string(address.description), "torrents": JSONValue(torrents),
      "running": JSONValue(running), "peers": JSONValue(connections),
      "downloadRate": JSONValue(downloadRate), "uploadRate": JSONValue(uploadRate),
      "downloaded": JSONValue(downloaded), "uploaded": JSONValue(uploaded),
      "limits": [
        "upload": JSONValue(limits.rates.upload ?? 0),
        "download": JSONValue(limits.rates.download ?? 0),
        "activeDownloads": JSONValue(limits.activeDownloads ?? 0),
        "activeSeeds": JSONValue(limits.activeSeeds ?? 0),
        "activeTorrents": JSONValue(limits.activeTorrents),
      ],
    ]
  }
}

extension TorrentAlert {
  var json: JSONValue {
    var json: JSONObject = [
      "number": JSONValue(number), "infoHash": .string(id.hex), "name": name.json,
    ]
    switch kind {
    case .added, .metadata, .completed, .removed: break
    case .phase(let phase):
      json["phase"] = .string(phase.name)
      json["reason"] = phase.reason.map { .string($0) }
    case .fileCompleted(let index, let path):
      json["file"] = JSONValue(index)
      json["path"] = .string(path)
    case .tracker(let message): json["message"] = .string(message)
    case .failed(let error):
      json["code"] = .string(error.code.rawValue)
      json["reason"] = .string(error.message)
    }
    return .object(json)
  }
}

extension TorrentAlert.Kind {
  var name: String {
    switch self {
    case .added: "added"
    case .metadata: "metadata"
    case .phase: "phase"
    case .fileCompleted: "fileCompleted"
    case .completed: "completed"
    case .tracker: "tracker"
    case .failed: "failed"
    case .removed: "removed"
    }
  }
}

extension String? {
  /// The text, or null.
  var json: JSONValue { map { .string($0) } ?? .null }
}
