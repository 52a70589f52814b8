"""A small HTTP tracker that knows where its peers really listen, and keeps every announce."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes


class Tracker:
    def __init__(self):
        self.swarms = {}
        self.announces = []
        # Not every program announces from the address that it listens on: by port it is found.
        self.homes = {}
        # Whether it names peers to those who ask, or only hears of them.
        self.names_peers = True
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                body = outer.answer(self.path, self.client_address[0])
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Some programs end without waiting for the answer.
        self.server.handle_error = lambda *_: None
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/announce"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def expect(self, client):
        self.homes[client.port] = client.ip

    def answer(self, path, ip):
        pairs = (pair.partition("=") for pair in path.partition("?")[2].split("&"))
        query = {key: unquote_to_bytes(value) for key, _, value in pairs}
        port = int(query["port"])
        who = (self.homes.get(port, ip), port)
        event = query.get("event", b"").decode()
        with self.lock:
            swarm = self.swarms.setdefault(query["info_hash"], set())
            if event == "stopped":
                swarm.discard(who)
            else:
                swarm.add(who)
            self.announces.append({"port": port, "hash": query["info_hash"], "event": event,
                                   "left": int(query["left"])})
            others = [peer for peer in swarm if peer != who and self.names_peers]
        peers = b"".join(socket.inet_aton(ip) + struct.pack(">H", port) for ip, port in others)
        return b"d8:intervali1800e12:min intervali1e5:peers%d:%be" % (len(peers), peers)

    def events(self, client):
        """What a program announced, in order, for each infohash (a hybrid torrent has two)."""
        told = {}
        with self.lock:
            for a in self.announces:
                if a["port"] == client.port:
                    told.setdefault(a["hash"], []).append(a["event"])
        return list(told.values())

    def knows_seed(self, client):
        with self.lock:
            return any(a["port"] == client.port and a["left"] == 0 for a in self.announces)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
