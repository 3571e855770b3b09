"""A stand-in for Hugging Face's Hub on this machine: one dataset repository in memory, told by the Hub's interface."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "someone/ink"


class Hub(BaseHTTPRequestHandler):
    """Answers what `HfFileSystem` asks of a repository."""

    files: dict[str, bytes]
    commits: list[list[str]]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Tell of the repository, list a folder, or give a file."""
        path = unquote(urlsplit(self.path).path)
        about = f"/api/datasets/{REPOSITORY}"
        if path in (about, f"{about}/revision/main"):
            self._tell({"id": REPOSITORY, "sha": "0" * 40, "private": False, "tags": [], "siblings": []})
        elif path.startswith(f"{about}/tree/main"):
            self._list(path.removeprefix(f"{about}/tree/main").strip("/"))
        elif path.startswith(f"/datasets/{REPOSITORY}/resolve/main/"):
            self._give(path.removeprefix(f"/datasets/{REPOSITORY}/resolve/main/"))
        else:
            self._tell({"error": "Repository not found"}, 404, "RepoNotFound")

    def do_HEAD(self) -> None:
        """The same without a body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Say how files are to be sent, take a commit, or tell of single paths."""
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if path == f"/api/datasets/{REPOSITORY}/preupload/main":
            names = [file["path"] for file in json.loads(body)["files"]]
            self._tell({"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]})
        elif path == f"/api/datasets/{REPOSITORY}/commit/main":
            self._commit([json.loads(line) for line in body.splitlines()])
        elif path == f"/api/datasets/{REPOSITORY}/paths-info/main":
            asked = parse_qs(body.decode()).get("paths", []) or json.loads(body).get("paths", [])
            self._tell([self._entry(name) for name in asked if name in self.files])
        else:
            self._tell({"error": "Repository not found"}, 404, "RepoNotFound")

    def _commit(self, lines: list[dict]) -> None:
        changed = []
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = b64decode(value["content"])
                changed.append(value["path"])
            elif line["key"] == "deletedFile":
                del self.files[value["path"]]
        self.commits.append(changed)
        url = f"http://{self.headers['Host']}/datasets/{REPOSITORY}/commit/{'0' * 40}"
        self._tell({"success": True, "commitUrl": url, "commitOid": "0" * 40, "pullRequestUrl": None})

    def _list(self, folder: str) -> None:
        prefix = f"{folder}/" if folder else ""
        inside = {name.removeprefix(prefix) for name in self.files if name.startswith(prefix)}
        if folder and not inside:
            self._tell({"error": "Entry not found"}, 404, "EntryNotFound")
            return
        folders = sorted({name.partition("/")[0] for name in inside if "/" in name})
        entries = [{"type": "directory", "path": prefix + name, "oid": "0" * 40, "size": 0} for name in folders]
        self._tell(entries + [self._entry(prefix + name) for name in sorted(inside) if "/" not in name])

    def _entry(self, name: str) -> dict:
        data = self.files[name]
        oid = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        return {"type": "file", "path": name, "size": len(data), "oid": oid}

    def _give(self, name: str) -> None:
        if name not in self.files:
            self._tell({"error": "Entry not found"}, 404, "EntryNotFound")
            return
        data, code = self.files[name], 200
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes="):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            data, code = data[int(first) : int(last) + 1 if last else None], 206
        self._send(data, code, {"ETag": f'"{self._entry(name)["oid"]}"', "X-Repo-Commit": "0" * 40})

    def _tell(self, what: object, code: int = 200, problem: str = "") -> None:
        headers = {"Content-Type": "application/json"} | ({"X-Error-Code": problem} if problem else {})
        self._send(json.dumps(what).encode(), code, headers)

    def _send(self, data: bytes, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextmanager
def running_hub() -> Iterator[tuple[str, type[Hub]]]:
    """The address of a hub with an empty repository, and its class, whose `files` and `commits` are what it holds."""
    own = type("OwnHub", (Hub,), {"files": {}, "commits": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", own
    finally:
        server.shutdown()
        server.server_close()
