"""JSON-RPC over HTTP, one port for each endpoint, and there the faults happen."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .chain import Refused
from .faults import twist
from .rpc import Endpoint

MAX_BODY = 16 << 20


class Drop(Exception):
    """The connection is to end without an answer."""


def respond(endpoint, request, effects):
    """The answer to one request; what its faults do to the HTTP answer goes into `effects`."""
    id = request.get("id") if isinstance(request, dict) else None
    reply = {"jsonrpc": "2.0", "id": id}
    try:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            raise Refused("invalid request", -32600)
        method, params = request["method"], request.get("params") or []
        if not isinstance(params, list):
            raise Refused("parameters must be a list", -32602)
        met = endpoint.faults.take(method, params)
        effects |= met
        if "stall" in met:
            time.sleep(met["stall"].get("seconds", 1))
        if "drop" in met:
            raise Drop
        if "error" in met:
            raise Refused("internal error", -32603)
        if "limit" in met:
            raise Refused("too many requests", -32005)
        if "missing" in met:
            raise Refused(f"the method {method} does not exist/is not available", -32601)
        if "nofinal" in met:
            raise Refused("finalized block not found", -39001)
        return reply | {"result": twist(endpoint.answer(method, params), met)}
    except Refused as refused:
        error = {"code": refused.code, "message": str(refused)}
        if refused.data is not None:
            error["data"] = refused.data
        return reply | {"error": error}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body would otherwise wait for each other.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or -1)
        if not 0 <= length <= MAX_BODY:
            return self.reply(b"a body of at most 16 MiB is needed", "text/plain", 413, close=True)
        effects = {}
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            error = {"code": -32700, "message": "parse error"}
            answer = {"jsonrpc": "2.0", "id": None, "error": error}
        else:
            try:
                if isinstance(body, list):
                    answer = [respond(self.server.endpoint, r, effects) for r in body]
                else:
                    answer = respond(self.server.endpoint, body, effects)
            except Drop:
                self.close_connection = True
                return
        data = json.dumps(answer).encode()
        if "http" in effects:
            return self.reply(b"<html>502 Bad Gateway</html>", "text/html", 502)
        if "garbage" in effects:
            return self.reply(b"\x00\xff{]", "application/json")
        if "cut" in effects:
            return self.reply(data, "application/json", send=len(data) // 2, close=True)
        self.reply(data, "application/json", 429 if "limit" in effects else 200)

    def do_GET(self):
        self.reply(b"this is JSON-RPC: use POST", "text/plain", 405)

    def reply(self, data, kind, status=200, send=None, close=False):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data[:send])

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, endpoint, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.endpoint = endpoint
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        """A client that goes away is no news."""


def serve(node, port=0):
    """Starts every endpoint on a port of its own, from `port` upward (0: any free ones)."""
    servers = []
    for index in range(len(node.faults)):
        server = Server(Endpoint(node, index), port + index if port else 0)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
    return servers
