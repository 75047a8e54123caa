"""A service on this machine that takes messages, refuses them, or does not answer."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "T00SECRET0/B00SECRET0/xyzzySECRETxyzzy"


class Service:
    """Keeps what is posted to it.

    Attributes:
        answer: status and body.
        location: where it redirects to, with a status of that kind.
        requests: path, headers and data of each request, in order.
        let_go: while it is not set, requests are answered only when it is.
    """

    def __init__(self):
        self.answer = (200, "ok")
        self.location = None
        self.requests = []
        self.let_go = threading.Event()
        self.let_go.set()
        self.arrived = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service.requests.append((self.path, self.headers, json.loads(body)))
                service.arrived.set()
                service.let_go.wait(60)
                status, text = service.answer(len(service.requests)) if callable(service.answer) else service.answer
                with suppress(OSError):  # who asked has gone
                    self.send_response(status)
                    if service.location:
                        self.send_header("Location", service.location)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text.encode())

            def do_GET(self):
                service.requests.append((self.path, self.headers, None))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def messages(self):
        """The data that was posted."""
        return [data for _, _, data in self.requests if data is not None]

    def close(self):
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def leaks(secret, *places):
    """The places, texts or folders, in which any part of a secret is found."""
    parts = [part for part in secret.replace(":", "/").split("/") if len(part) > 6] or [secret]
    found = []
    for place in places:
        texts = [place] if isinstance(place, str) else []
        if not isinstance(place, str):
            texts = [
                path.read_text(errors="replace")
                for path in place.rglob("*")
                if path.is_file() and "_sources" not in path.parts
            ]
        found += [part for part in parts if any(part in text for text in texts)]
    return found
