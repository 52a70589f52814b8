/// Metrics in Prometheus's text format, version 0.0.4.
struct PrometheusText {
  /// What a metric is.
  enum Kind: String {
    case counter, gauge, histogram
  }

  /// The type of the text's content.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The text so far.
  private(set) var text = ""

  /// Adds a metric with a value for each set of labels.
  mutating func add(
    _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: String, value: String)]
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    for (labels, value) in samples { add(name, labels, value) }
  }

  /// Adds a metric with one value.
  mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: some BinaryInteger) {
    add(name, kind, help, [("", "\(value)")])
  }

  /// Adds a histogram: how many there are in each class, the last of which has no bound.
  mutating func add(
    histogram name: String, _ help: String, bounds: [Double], counts: [Int], sum: Double
  ) {
    add(name, .histogram, help, [])
    var count = 0
    for (index, more) in counts.enumerated() {
      count += more
      let bound = bounds.indices.contains(index) ? "\(bounds[index])" : "+Inf"
      add(name + "_bucket", "le=\"\(bound)\"", "\(count)")
    }
    add(name + "_sum", "", "\(sum)")
    add(name + "_count", "", "\(count)")
  }

  private mutating func add(_ name: String, _ labels: String, _ value: String) {
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }
}
