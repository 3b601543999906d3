"""A web server in this process: pages are what a test says they are, and what is sent is kept."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cookbook.brokers import HOST


class Web:
    """A server whose pages are what `page` returns: bytes, or None for an error."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self.page: Callable[[], bytes | None] = lambda: None
        self.posted: list[bytes] = []

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator["Web"]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = web.page()
                self._answer(503 if page is None else 200, page or b"")

            def do_POST(self) -> None:
                web.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(200, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer((HOST, 0), Handler) as server:
            web = cls(server.server_port)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield web
            finally:
                server.shutdown()
                thread.join()
