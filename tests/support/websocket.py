"""A WebSocket client (RFC 6455) of the standard library alone, as strict as a
test wants it: what a server must not do is an error."""

import base64
import hashlib
import json
import os
import socket
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """The server did not become a WebSocket; `body` is what it said."""

    def __init__(self, status, fields, body):
        super().__init__(f"{status}: {body[:300]}")
        self.status, self.fields, self.body = status, fields, body


class Closed(Exception):
    """The server has closed; `code` is 1006 if it did not say so."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed with {code} {reason}")
        self.code, self.reason = code, reason


class WebSocket:
    """`answers` says whether pings are answered by themselves."""

    def __init__(self, connection, path, fields=None, protocols=(),
                 answers=True):
        self.socket, self.answers = connection, answers
        self.buffer, self.pings = b"", 0
        key = base64.b64encode(os.urandom(16)).decode()
        head = {"Host": "localhost", "Upgrade": "websocket",
                "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Key": key,
                "Sec-WebSocket-Version": "13", **(fields or {})}
        if protocols:
            head["Sec-WebSocket-Protocol"] = ", ".join(protocols)
        lines = [f"GET {path} HTTP/1.1",
                 *(f"{k}: {v}" for k, v in head.items() if v is not None)]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        self._shake_hands(key)

    def _shake_hands(self, key):
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        status = int(first.split()[1])
        pairs = [line.split(":", 1) for line in lines]
        self.fields = {k.strip().lower(): v.strip() for k, v in pairs}
        if status != 101:
            length = int(self.fields.get("content-length", 0))
            while len(self.buffer) < length:
                self._fill()
            raise Refused(status, self.fields, self.buffer[:length].decode())
        accept = base64.b64encode(
            hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert self.fields["sec-websocket-accept"] == accept, "wrong accept"
        assert self.fields["upgrade"].lower() == "websocket", "no upgrade"
        self.protocol = self.fields.get("sec-websocket-protocol")

    def _fill(self):
        try:
            more = self.socket.recv(65536)
        except (ConnectionError, OSError) as why:
            if isinstance(why, socket.timeout):
                raise
            raise Closed(1006, str(why)) from why
        if not more:
            raise Closed(1006, "the connection has ended")
        self.buffer += more

    def _take(self, count):
        while len(self.buffer) < count:
            self._fill()
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def frame(self):
        """The next frame: its kind and its bytes."""
        first, second = self._take(2)
        assert first & 0x70 == 0, "a reserved bit is set"
        assert first & 0x80, "it is in pieces"
        assert not second & 0x80, "a server must not mask"
        length = second & 0x7F
        if length == 126:
            length, = struct.unpack(">H", self._take(2))
        elif length == 127:
            length, = struct.unpack(">Q", self._take(8))
        return first & 0x0F, self._take(length)

    def send(self, kind, data=b"", last=True):
        mask = os.urandom(4)
        size = len(data)
        head = bytes([kind | (0x80 if last else 0)])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        self.socket.sendall(head + mask + body)

    def message(self):
        """The next message as JSON; raises Closed at the end."""
        while True:
            kind, data = self.frame()
            if kind == TEXT:
                return json.loads(data.decode())
            if kind == PING:
                self.pings += 1
                if self.answers:
                    self.send(PONG, data)
            elif kind == CLOSE:
                code, = struct.unpack(">H", data[:2]) if data else (1005,)
                try:
                    self.send(CLOSE, data[:2])
                except OSError:
                    pass  # It need not wait for that.
                raise Closed(code, data[2:].decode())
            else:
                assert kind == PONG, f"a frame of kind {kind}"

    def until_closed(self):
        """All messages that still come, and how it was closed."""
        out = []
        try:
            while True:
                out.append(self.message())
        except Closed as why:
            return out, why.code

    def close(self, code=1000):
        """Closes in good order; returns the code that the server answers."""
        self.send(CLOSE, struct.pack(">H", code))
        found = self.until_closed()[1]
        self.socket.close()
        return found


def connect(port, path, patience=20, **more):
    connection = socket.create_connection(("127.0.0.1", port), patience)
    return WebSocket(connection, path, **more)
