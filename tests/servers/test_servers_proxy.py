"""The proxy counts exactly and fails on demand."""

from __future__ import annotations

import socket
import socketserver
import threading
import time

import pytest

from servers.proxy import Proxy


class _Echo(socketserver.BaseRequestHandler):
    """Says what it is told; remembers it."""

    def handle(self):
        while told := self.request.recv(1 << 16):
            self.server.heard.append(told)
            self.request.sendall(told)
        self.request.sendall(b"bye")


@pytest.fixture
def echo():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as server:
        server.heard = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo):
    with Proxy(echo.server_address[1]) as proxy:
        yield proxy


def _client(proxy) -> socket.socket:
    return socket.create_connection((proxy.host, proxy.port), timeout=20)


def _read(client: socket.socket, size: int) -> bytes:
    """``size`` bytes, or fewer if the connection ends before."""
    got = b""
    while len(got) < size and (chunk := _chunk(client)):
        got += chunk
    return got


def _chunk(client: socket.socket) -> bytes:
    try:
        return client.recv(1 << 16)
    except ConnectionError:
        return b""


def _say(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    return _read(client, len(text))


def test_what_passes_is_unchanged_and_counted(proxy):
    text = bytes(range(256)) * 4096
    with _client(proxy) as client:
        sender = threading.Thread(target=client.sendall, args=(text,))
        sender.start()
        assert _read(client, len(text)) == text
        sender.join()
        with _client(proxy) as second:
            assert _say(second, b"again") == b"again"
            assert (proxy.sent, proxy.received) == (len(text) + 5, len(text) + 5)
    assert proxy.connections == 2


def test_a_side_that_has_said_everything_still_hears_the_rest(proxy):
    with _client(proxy) as client:
        client.sendall(b"x")
        client.shutdown(socket.SHUT_WR)
        assert _read(client, 100) == b"xbye"


def test_cut_closes_and_refuses_until_healed(proxy):
    with _client(proxy) as client:
        assert _say(client, b"1") == b"1"
        port = proxy.port
        proxy.cut()
        assert _chunk(client) == b""
    with pytest.raises(ConnectionRefusedError):
        _client(proxy)
    proxy.heal()
    with _client(proxy) as client:
        assert _say(client, b"2") == b"2"
    assert proxy.port == port


def test_drop_closes_and_welcomes(proxy):
    with _client(proxy) as client, _client(proxy) as second:
        assert _say(client, b"1") + _say(second, b"1") == b"11"
        proxy.drop()
        assert _chunk(client) + _chunk(second) == b""
    with _client(proxy) as client:
        assert _say(client, b"2") == b"2"


def test_data_is_held_back(proxy):
    with _client(proxy) as client:
        proxy.delay = 0.05
        began = time.monotonic()
        assert _say(client, b"1") == b"1"
        assert time.monotonic() - began >= 0.1  # there and back
        proxy.heal()
        assert proxy.delay == 0


def test_cutting_does_not_wait_for_what_is_held_back(proxy, echo):
    proxy.delay = 3600
    with _client(proxy) as client:
        client.sendall(b"1")
        proxy.cut()
        assert _chunk(client) == b""
    assert echo.heard == []


def test_a_request_is_done_and_its_reply_lost(proxy, echo):
    with _client(proxy) as client, _client(proxy) as other:
        proxy.lose_reply(to=b"commit")
        assert _say(client, b"begin") == b"begin"
        assert not proxy.has_lost_reply
        assert _say(client, b"commit 1") == b""
        assert proxy.has_lost_reply
        assert _say(other, b"commit 2") == b"commit 2"
    assert echo.heard == [b"begin", b"commit 1", b"commit 2"]


def test_a_server_that_is_away_looks_like_a_lost_connection(proxy, echo):
    echo.shutdown()
    echo.server_close()
    with _client(proxy) as client:
        assert _chunk(client) == b""
    assert proxy.connections == 0


def test_a_closed_proxy_leaves_no_thread_and_no_port(echo):
    before = set(threading.enumerate())
    proxy = Proxy(echo.server_address[1])
    with _client(proxy) as client:
        assert _say(client, b"1") == b"1"
        proxy.close()
        proxy.close()
    left = [thread for thread in threading.enumerate() if thread not in before and thread.name.startswith("proxy")]
    assert left == []
    with socket.create_server((proxy.host, proxy.port)):
        pass
