"""What goes over the wire: a peer that only looks, and an ear on all interfaces."""

import os
import select
import socket
import struct
import threading
import time


def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"


def decode(data, at=0):
    """The value at a place, and the place behind it."""
    mark = data[at:at + 1]
    if mark == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if mark in (b"l", b"d"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = decode(data, at)
            items.append(item)
        return (items if mark == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


class Watcher:
    """A peer that shakes hands, says that it exchanges peers, and keeps what it hears."""

    EXTENDED, PORT = 20, 9
    PEX = 7

    def __init__(self, address, infohash, ip, port=0):
        host, _, number = address.rpartition(":")
        self.socket = socket.create_connection((host, int(number)), 5, (ip, 0))
        self.data = b""
        reserved = bytearray(8)
        reserved[5], reserved[7] = 0x10, 0x05
        self.socket.sendall(b"\x13BitTorrent protocol" + bytes(reserved) + infohash
                            + b"-XX0000-" + os.urandom(12))
        handshake = self.take(68)
        self.speaks_dht = bool(handshake[27] & 1)
        self.send(self.EXTENDED, b"\0" + encode({b"m": {b"ut_pex": self.PEX}, b"p": port}))
        self.extensions = None
        self.exchanged = set()
        self.ports = []

    def take(self, count):
        while len(self.data) < count:
            got = self.socket.recv(65_536)
            if not got:
                raise EOFError("the peer closed the connection")
            self.data += got
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def send(self, kind, payload):
        self.socket.sendall(struct.pack(">IB", 1 + len(payload), kind) + payload)

    def listen(self, until, timeout):
        """Reads messages until it has heard what it waits for; tells whether it has."""
        end = time.monotonic() + timeout
        while not until() and (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                self.message(self.take(struct.unpack(">I", self.take(4))[0]))
            except TimeoutError:
                break
        return until()

    def message(self, body):
        if body[:1] == bytes([self.PORT]):
            self.ports.append(body)
        if body[:1] != bytes([self.EXTENDED]):
            return
        value, _ = decode(body, 2)
        if body[1] == 0:
            self.extensions = value[b"m"]
        elif body[1] == self.PEX:
            added = value.get(b"added", b"")
            self.exchanged |= {(socket.inet_ntoa(added[at:at + 4]),
                                int.from_bytes(added[at + 4:at + 6], "big"))
                               for at in range(0, len(added), 6)}

    def close(self):
        self.socket.close()


class Node:
    """A node of the distributed hash table that knows nobody, and keeps what it is asked for."""

    def __init__(self, ip):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ip, 0))
        self.address = "%s:%d" % self.socket.getsockname()
        self.id = os.urandom(20)
        self.asked = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                data, sender = self.socket.recvfrom(65_536)
            except OSError:
                return
            message, _ = decode(data)
            if message.get(b"y") != b"q":
                continue
            self.asked.append((message[b"q"], message[b"a"].get(b"info_hash")))
            answer = {b"id": self.id, b"nodes": b""}
            if message[b"q"] == b"get_peers":
                answer[b"token"] = b"t"
            self.socket.sendto(encode({b"t": message[b"t"], b"y": b"r", b"r": answer}), sender)

    def close(self):
        self.socket.close()


class Ear:
    """Hears every datagram that leaves or enters this machine; only root may."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)

    def datagrams(self):
        """The UDP datagrams since the last time."""
        heard = []
        while select.select([self.socket], [], [], 0)[0]:
            packet = self.socket.recv(65_536)
            if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_UDP:
                heard.append(packet[(packet[0] & 15) * 4 + 8:])
            elif packet[0] >> 4 == 6 and packet[6] == socket.IPPROTO_UDP:
                heard.append(packet[48:])
        return heard

    def close(self):
        self.socket.close()


def are_connected(dialler, listener):
    """Whether one program dialled the other's port and the connection is there."""
    def packed(ip):
        return f"{int.from_bytes(socket.inet_aton(ip), 'little'):08X}"
    # A program may do IPv4 by sockets of IPv6: the address then has more in front.
    here, there = packed(dialler.ip) + ":", f"{packed(listener.ip)}:{listener.port:04X}"
    rows = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}") as lines:
            rows += [line.split() for line in lines]
    return any(here in row[1] and row[2].endswith(there) and row[3] == "01" for row in rows)
