internal import Speed
internal import Synchronization

extension NodeMarket {
  /// What trade came to since the node began, for Prometheus.
  ///
  /// Amounts are wei: as floating-point numbers they are inexact, which is good enough for graphs
  /// and for nothing else.
  func measure() async {
    let (totals, till) = (await markets.totals(), await till.counters)
    var metrics = PrometheusText()
    metrics.add(
      "btt_speed_payload_bytes_total", .counter, "Payload of torrents, for money and for nothing.",
      [
        ("direction=\"in\",paid=\"true\"", "\(totals.paidBytesIn)"),
        ("direction=\"in\",paid=\"false\"", "\(totals.freeBytesIn)"),
        ("direction=\"out\",paid=\"true\"", "\(totals.paidBytesOut)"),
        ("direction=\"out\",paid=\"false\"", "\(totals.freeBytesOut)"),
      ])
    metrics.add(
      "btt_speed_message_bytes_total", .counter, "Messages of the extension that pays.",
      [
        ("direction=\"in\"", "\(totals.paymentBytesIn)"),
        ("direction=\"out\"", "\(totals.paymentBytesOut)"),
      ])
    metrics.add(
      "btt_speed_spent_wei_total", .counter, "Billed for what came and proved right.", totals.spent)
    metrics.add("btt_speed_earned_wei_total", .counter, "Delivered for money.", totals.earned)
    metrics.add(
      "btt_speed_locked_wei", .gauge, "Locked in channels, and not billed.", totals.locked)
    metrics.add(
      "btt_speed_price_wei", .gauge, "Asked for a MiB; 0 where nothing is sold.",
      totals.price ?? 0)
    metrics.add(
      "btt_speed_peers", .gauge, "Connections on which the extension is spoken.", totals.peers)
    metrics.add(
      "btt_speed_vouchers_total", .counter, "Vouchers signed, and those received.",
      [
        ("what=\"signed\"", "\(till.vouchersSigned)"),
        ("what=\"received\"", "\(till.vouchersReceived)"),
        ("what=\"refused\"", "\(till.vouchersRefused)"),
      ])
    metrics.add(
      "btt_speed_channels_total", .counter, "Channels opened, and those of others admitted.",
      [
        ("what=\"opened\"", "\(till.channelsOpened)"),
        ("what=\"admitted\"", "\(till.channelsAdmitted)"),
      ])
    metrics.add(
      "btt_speed_endings_total", .counter, "Trades that this node ended, by reason.",
      SpeedBye.Reason.allCases.map { reason in
        ("reason=\"\(reason)\"", "\(totals.endings[reason] ?? 0)")
      })
    let waits = totals.voucherWaits
    metrics.add(
      histogram: "btt_speed_voucher_wait_seconds",
      "From a voucher's coming until there was credit for it.", bounds: WaitHistogram.bounds,
      counts: waits.counts, sum: waits.sum)
    measured.withLock { $0 = metrics.text }
  }

  /// The newest figures; a second old at most while the node runs.
  var metrics: String { measured.withLock { $0 } }
}
