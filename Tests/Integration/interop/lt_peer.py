"""libtorrent as a peer, run by whichever Python has the binding.

    lt_peer.py create PATH TORRENT FORMAT PIECE [TRACKER]
    lt_peer.py seed|get SOURCE DIRECTORY IP PORT [HOST:PORT…]

It prints READY once it listens, then COMPLETE as soon as all is there. `PEER host:port` on
standard input names another peer; the end of input ends it.
"""

import os
import sys
import threading

import libtorrent as lt


def create(path, torrent, fmt, piece, tracker=None):
    # The names of the flags differ between the versions; their values do not.
    flags = {"v1": 64, "v2": 32, "hybrid": 0}[fmt]
    storage = lt.file_storage()
    lt.add_files(storage, path)
    made = lt.create_torrent(storage, piece_size=int(piece), flags=flags)
    if tracker:
        made.add_tracker(tracker)
    lt.set_piece_hashes(made, os.path.dirname(path))
    with open(torrent, "wb") as out:
        out.write(lt.bencode(made.generate()))


def transfer(source, directory, ip, port, peers):
    session = lt.session({
        "listen_interfaces": f"{ip}:{port}", "outgoing_interfaces": ip,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_utp": False, "enable_incoming_utp": False,
        "allow_multiple_connections_per_ip": True, "min_reconnect_time": 1,
        "out_enc_policy": 2, "in_enc_policy": 2,
        "alert_mask": int(lt.alert.category_t.status_notification
                          | lt.alert.category_t.storage_notification
                          | lt.alert.category_t.error_notification)})
    if source.startswith("magnet:"):
        params = lt.parse_magnet_uri(source)
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(source)
    params.save_path = directory
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    handle = session.add_torrent(params)

    def dial(text):
        host, _, number = text.rpartition(":")
        handle.connect_peer((host, int(number)))

    for peer in peers:
        dial(peer)
    print("READY", flush=True)

    def listen():
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word == "PEER":
                dial(rest)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    has_finished = False
    while True:
        session.wait_for_alert(200)
        for alert in session.pop_alerts():
            # 2.1 tells that it has finished before all is written.
            if isinstance(alert, lt.torrent_finished_alert):
                handle.flush_cache()
                has_finished = True
            elif isinstance(alert, lt.cache_flushed_alert) and has_finished:
                print("COMPLETE", flush=True)
            elif isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert)):
                print("ERROR", alert.message(), flush=True)


if sys.argv[1] == "create":
    create(*sys.argv[2:])
else:
    transfer(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), sys.argv[6:])
