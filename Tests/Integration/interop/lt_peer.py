"""libtorrent as a peer, run by whichever Python has the binding.

    lt_peer.py create PATH TORRENT FORMAT PIECE [TRACKER]
    lt_peer.py seed|get SOURCE DIRECTORY IP PORT [HOST:PORT…]

ENCRYPTION in the environment is off, plain or rc4: refused, or required with that method. DHT turns
the distributed hash table on, with the nodes that it names; LSD the search on the local network.
It prints READY once it listens, then COMPLETE as soon as all is there. `PEER host:port` on
standard input names another peer; the end of input ends it.
"""

import os
import sys
import threading
import time

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


# Policy (0 forced, 1 enabled, 2 disabled) and level (1 plain, 2 RC4, 3 both).
ENCRYPTION = {"off": (2, 3), "plain": (0, 1), "rc4": (0, 2)}


def transfer(source, directory, ip, port, peers):
    policy, level = ENCRYPTION[os.environ.get("ENCRYPTION", "off")]
    session = lt.session({
        "listen_interfaces": f"{ip}:{port}", "outgoing_interfaces": ip,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_utp": False, "enable_incoming_utp": False,
        "allow_multiple_connections_per_ip": True, "min_reconnect_time": 1,
        "out_enc_policy": policy, "in_enc_policy": policy, "allowed_enc_level": level,
        "alert_mask": int(lt.alert.category_t.status_notification
                          | lt.alert.category_t.storage_notification
                          | lt.alert.category_t.error_notification)})
    if "DHT" in os.environ:
        # On loopback all nodes seem to be one host's.
        session.apply_settings({
            "enable_dht": True, "dht_bootstrap_nodes": "",
            "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
            "dht_ignore_dark_internet": False, "dht_block_ratelimit": 10_000})
        for node in filter(None, os.environ["DHT"].split(",")):
            session.add_dht_node((node.rpartition(":")[0], int(node.rpartition(":")[2])))
        # A torrent that comes before the table runs is announced a quarter of an hour later.
        while not session.is_dht_running():
            time.sleep(0.05)
    if "LSD" in os.environ:
        session.apply_settings({"enable_lsd": True})
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
    next_announce = time.monotonic() + 1
    while True:
        session.wait_for_alert(200)
        if "DHT" in os.environ and time.monotonic() > next_announce:
            handle.force_dht_announce()
            next_announce = time.monotonic() + 3
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
