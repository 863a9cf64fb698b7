"""A proxy in front of the running server that serves the pages of an older release, until it is told to go on.

The older release is built from its own sources (`releases/<version>.tar.gz`, ours only) with today's libraries. A proxy
and not a route of the browser's: a service worker's script and its requests pass by no route.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
RELEASES = sorted(Path(__file__).with_name("releases").glob("*.tar.gz"))
TYPES = {
    ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".json": "application/json",
    ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}  # fmt: skip
# An entry of the build that the release itself does not use: it lends the release's own outbox to the test.
LENT = 'import { putAll } from "./offline/outbox.js";\nglobalThis.lentPutAll = putAll;\n'


def built(release: Path, folder: Path) -> Path:
    """The release's pages, built; answers its folder."""
    with tarfile.open(release) as archive:
        archive.extractall(folder, filter="data")
    for name in ("node_modules", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "static/js/signin.js").write_text(LENT)
    subprocess.run(["node", "setup/build.mjs"], cwd=folder, check=True, capture_output=True)
    return folder


class Front:
    """`old` is the folder of an older release, or None: then everything is the server's. `deaf`: no sync answers."""

    def __init__(self, server_url: str, old: Path | None) -> None:
        self.server, self.old, self.deaf = urlsplit(server_url), old, False
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                front.answer(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answer(self, ask: BaseHTTPRequestHandler) -> None:
        path = ask.path.split("?")[0]
        body = ask.rfile.read(int(ask.headers.get("Content-Length") or 0))
        kept = self.file_of(path) if self.old else None
        if kept is not None:
            return say(ask, 200, {"Content-Type": TYPES[kept[0]], "Cache-Control": "no-cache"}, kept[1])
        if self.deaf and path == "/api/v1/field/sync":
            return say(ask, 503, {"Content-Type": "text/plain"}, b"")
        return self.pass_on(ask, body)

    def file_of(self, path: str) -> tuple[str, bytes] | None:
        """(suffix, content) of what the older release's server would have answered."""
        assert self.old is not None
        pages = self.old / "app/templates/phone"
        if path == "/m/":
            return ".html", (pages / "shell.html").read_bytes()
        if path == "/manifest.webmanifest":
            return ".webmanifest", (pages / "manifest.webmanifest").read_bytes()
        if path == "/sw.js":
            kept = [
                {"url": url, "revision": hashlib.sha256((pages / name).read_bytes()).hexdigest()[:16]}
                for url, name in (("/m/", "shell.html"), ("/manifest.webmanifest", "manifest.webmanifest"))
            ]
            worker = (self.old / "static/dist/sw.js").read_bytes()
            return ".js", f"self.__PAGES={json.dumps(kept)};\n".encode() + worker
        file = self.old / path.lstrip("/")
        if path.startswith("/static/") and file.is_file():
            return file.suffix, file.read_bytes()
        return None

    def pass_on(self, ask: BaseHTTPRequestHandler, body: bytes) -> None:
        there = http.client.HTTPConnection(self.server.hostname or "", self.server.port, timeout=60)
        headers = {k: v for k, v in ask.headers.items() if k.lower() not in ("host", "connection")}
        try:
            there.request(ask.command, ask.path, body, headers | {"Host": self.server.netloc})
            answer = there.getresponse()
            content = answer.read()
        except OSError:
            ask.close_connection = True
            return None
        finally:
            there.close()
        drop = ("transfer-encoding", "connection", "content-length")
        pairs = [(k, v) for k, v in answer.getheaders() if k.lower() not in drop]
        return say(ask, answer.status, pairs, content)


def say(ask: BaseHTTPRequestHandler, status: int, headers: Any, content: bytes) -> None:
    ask.send_response(status)
    for name, value in headers.items() if isinstance(headers, dict) else headers:
        ask.send_header(name, value)
    ask.send_header("Content-Length", str(len(content)))
    ask.end_headers()
    if ask.command != "HEAD":
        ask.wfile.write(content)
