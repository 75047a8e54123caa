"""A TCP proxy on loopback that counts, delays, and lets the network fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_CHUNK = 1 << 16


class Proxy:
    """Passes everything on between its clients and one server, until told otherwise.

    A context manager. Counters and switches may be used from any thread.

    Args:
        port: where the server listens.
        host: where it runs.

    Attributes:
        host: the proxy's own address, 127.0.0.1.
        port: where it listens, always the same.
        delay: seconds for which every piece of data is held back, in both directions; 0.0 at first.
        connections: how many it has accepted.
        sent: bytes from clients to the server.
        received: bytes from the server to clients.
    """

    host = "127.0.0.1"

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target = (host, port)
        self._counts = threading.Lock()
        self.delay = 0.0
        self.connections = self.sent = self.received = 0
        self._lose: bytes | None = None
        self._links: set[_Link] = set()
        self._links_lock = threading.Lock()
        self.port = 0
        self._welcoming = False
        self.heal()

    def cut(self) -> None:
        """Close all connections and refuse new ones until :meth:`heal`."""
        self._close_door()
        self.drop()

    def drop(self) -> None:
        """Close all connections; new ones are welcome."""
        with self._links_lock:
            links = list(self._links)
        for link in links:
            link.cut()
        for link in links:
            link.join()

    def heal(self) -> None:
        """Accept connections again, pass everything on, without delay; without effect if that is so."""
        self.delay, self._lose = 0.0, None
        if self._welcoming:
            return
        self._door = socket.create_server((self.host, self.port), backlog=128)
        self.port = self._door.getsockname()[1]
        self._welcoming = True
        self._porter = threading.Thread(target=self._accept, args=(self._door,), daemon=True, name="proxy")
        self._porter.start()

    def lose_reply(self, to: bytes) -> None:
        """The next request with ``to`` in it reaches the server; instead of the reply its connection is closed.

        A client cannot tell then whether the server has done what it was asked.
        """
        self._lose = to

    @property
    def has_lost_reply(self) -> bool:
        """Whether the request that :meth:`lose_reply` waits for has been seen, or none is waited for."""
        return self._lose is None

    def close(self) -> None:
        """Close everything; the port is free then."""
        self.cut()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _close_door(self) -> None:
        if self._welcoming:
            self._welcoming = False
            with suppress(OSError), socket.create_connection((self.host, self.port)):
                pass  # wakes the porter, everywhere: closing a socket does not
            self._porter.join()
            self._door.close()

    def _accept(self, door: socket.socket) -> None:
        while True:
            client, _ = door.accept()
            if not self._welcoming:
                client.close()
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            with self._counts:
                self.connections += 1
            link = _Link(self, client, server)
            with self._links_lock:
                self._links.add(link)
            link.start()

    def _count(self, sent: int = 0, received: int = 0) -> None:
        with self._counts:
            self.sent += sent
            self.received += received

    def _takes(self, request: bytes) -> bool:
        """Whether this is the request whose reply is to be lost."""
        with self._counts:
            found = self._lose is not None and self._lose in request
            if found:
                self._lose = None
        return found

    def _forget(self, link: _Link) -> None:
        with self._links_lock:
            self._links.discard(link)


class _Link:
    """One connection: a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client, self._server = client, server
        self._last = b""
        self._mute = threading.Event()
        self._gone = threading.Event()
        self._open_ends = 2
        self._ends = threading.Lock()
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._threads = [
            threading.Thread(target=self._pump, args=args, daemon=True, name="proxy-link")
            for args in ((client, server, self._allows_request), (server, client, self._allows_reply))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        self._gone.set()
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _pump(self, source: socket.socket, sink: socket.socket, allows: Callable[[bytes], bool]) -> None:
        """Pass on what arrives, each piece after the delay; at the end the other side hears of it."""
        try:
            while chunk := source.recv(_CHUNK):
                if self._proxy.delay:
                    self._gone.wait(self._proxy.delay)
                if self._gone.is_set():
                    break
                if not allows(chunk):
                    self.cut()
                    break
                sink.sendall(chunk)
        except OSError:
            self.cut()
        finally:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)
            self._leave()

    def _allows_request(self, chunk: bytes) -> bool:
        if self._proxy._takes(self._last + chunk):  # what is looked for may lie on the border of two pieces
            self._mute.set()
        self._last = chunk[-64:]
        self._proxy._count(sent=len(chunk))
        return True

    def _allows_reply(self, chunk: bytes) -> bool:
        if self._mute.is_set():
            return False
        self._proxy._count(received=len(chunk))
        return True

    def _leave(self) -> None:
        with self._ends:
            self._open_ends -= 1
            last = self._open_ends == 0
        if last:
            self._client.close()
            self._server.close()
            self._proxy._forget(self)
