internal import ChainTypes
internal import KeyValueStore
internal import Primitives

/// The tables of the books, as one store holds them; nothing else ever holds channel state.
///
/// | key | row |
/// |---|---|
/// | `m` | schema, chain, module, key, lease and the last block followed |
/// | `c` id | role and descriptor |
/// | `v` id | newest voucher (payee), or signing ceiling (payer) |
/// | `d` id | billed, delivered, window |
/// | `x` id | what the ledger says, with the height |
/// | `h` id | a payee's hold: a release or a close on its way |
/// | `o` number | a ledger transaction that is not final |
enum ChannelTables {
  static let meta = KeySpace(UInt8(ascii: "m"))
  static let channels = KeySpace(UInt8(ascii: "c"))
  static let vouchers = KeySpace(UInt8(ascii: "v"))
  static let counters = KeySpace(UInt8(ascii: "d"))
  static let views = KeySpace(UInt8(ascii: "x"))
  static let holds = KeySpace(UInt8(ascii: "h"))
  static let outbox = KeySpace(UInt8(ascii: "o"))

  /// The tables with a row for each channel.
  static let perChannel = [channels, vouchers, counters, views, holds]

  /// Every row of a table that a channel has, read or thrown for.
  static func rows<Row>(
    _ table: KeySpace, of store: any StoreSnapshot,
    _ decode: (_ key: [UInt8], _ value: [UInt8]) throws(RowError) -> Row
  ) throws(ChannelError) -> [Row] {
    var records: [(key: [UInt8], value: [UInt8])] = []
    do throws(StoreError) {
      let iterator = store.iterator(in: table.range)
      var found = try iterator.seekToFirst()
      while found {
        if let key = iterator.key, let value = iterator.value {
          records.append(([UInt8](key.dropFirst()), value))
        }
        found = try iterator.next()
      }
    } catch {
      throw .storage(error)
    }
    var rows: [Row] = []
    rows.reserveCapacity(records.count)
    for (key, value) in records {
      do throws(RowError) {
        rows.append(try decode(key, value))
      } catch {
        throw .damagedRow(
          table: String(UnicodeScalar(table.prefix)), key: Hex.encode(key))
      }
    }
    return rows
  }
}
