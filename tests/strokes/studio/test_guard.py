"""The studio answers its own page alone: hostile requests are refused, and nothing ends by them."""

import struct
import zlib

import pytest
from starlette.websockets import WebSocketDisconnect

from strokes.errors import StoreError
from strokes.studio import limits
from strokes.studio.keys import make_keys
from strokes.studio.samples import Samples
from strokes.studio.shelf import within
from strokes.studio.training import new_folder

STRANGE_HOSTS = [
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:8766",
    "127.0.0.1.evil.example:8765",
    "localhost.evil.example:8765",
    "localhostevil:8765",
    "0.0.0.0:8765",
    "[::1]:8765",
    "127.1:8765",
    "2130706433:8765",
    "",
]
STRANGE_ORIGINS = [
    "http://evil.example",
    "null",
    "https://127.0.0.1:8765",
    "http://127.0.0.1:8766",
    "http://127.0.0.1:8765.evil.example",
    "",
]
WRONG_TOKENS = ["", "x", "Bearer", "9999999999.deadbeef", "é"]


@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_a_request_to_another_name_is_refused(client, host):
    assert client.get("/", headers={"host": host}).status_code in (400, 421)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
def test_a_page_of_another_origin_can_neither_post_nor_connect(client, studio, origin):
    assert client.post("/api/pictures", content=b"x", headers={"origin": origin}).status_code == 403
    with pytest.raises(WebSocketDisconnect), connect(client, studio.keys.token, origin=origin):
        pass


def test_what_posts_must_say_where_it_comes_from(client, studio):
    del client.headers["origin"]
    assert client.post("/api/pictures", content=b"x").status_code == 403


@pytest.mark.parametrize("token", WRONG_TOKENS)
def test_a_wrong_token_opens_nothing(client, token):
    headers = {"authorization": f"Bearer {token}".encode()}
    assert client.post("/api/pictures", content=b"x", headers=headers).status_code == 401
    assert client.get("/api/files/x", headers=headers).status_code == 401
    if token.isascii():
        with pytest.raises(WebSocketDisconnect), connect(client, token):
            pass


def test_a_page_comes_back_after_a_restart_by_its_key_and_not_by_an_old_token(tmp_path):
    before, after = make_keys(tmp_path), make_keys(tmp_path)
    assert after.admits(after.token)
    assert not after.admits(before.token)
    assert after.admits(before.give())
    expiry, _, signature = before.give().partition(".")
    assert not after.admits(f"{int(expiry) + 1}.{signature}")
    assert not after.admits(f"1.{signature}")
    assert (tmp_path / "studio.key").stat().st_mode & 0o077 == 0


def test_a_key_that_has_run_out_opens_nothing(tmp_path, monkeypatch):
    keys = make_keys(tmp_path)
    given = keys.give()
    monkeypatch.setattr("strokes.studio.keys.time.time", lambda: int(given.partition(".")[0]) + 1.0)
    assert not keys.admits(given)


def test_every_answer_carries_a_strict_policy(client):
    for answer in (
        client.get("/"),
        client.get("/main.js"),
        client.get("/nothing"),
        client.get("/", headers={"host": "x"}),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/studio.key",
        "/static/main.js",
        "/api/files/..%2fstudio.key",
        "/.//main.js",
    ],
)
def test_no_path_leads_out_of_the_page(client, path):
    assert client.get(path).status_code == 404


def test_a_body_beyond_its_limit_is_refused_whether_it_says_so_or_not(client):
    told = client.post("/api/pictures", content=b"x", headers={"content-length": str(limits.PICTURE_BYTES + 1)})
    assert told.status_code == 413
    pieces = (bytes(1 << 20) for _ in range((limits.PICTURE_BYTES >> 20) + 1))
    assert client.post("/api/pictures", content=pieces).status_code == 413


def test_a_bomb_of_a_picture_is_named_and_does_no_harm(client, ask):
    bomb = png_of(100_000, 100_000)
    sent = client.post("/api/pictures", content=bomb).json()["picture"]
    assert "million" in ask("recover", picture=sent)["error"]
    assert "done" in ask("datasets")


def test_no_name_in_the_data_folder_leads_out_of_it(tmp_path):
    (outside := tmp_path / "outside").mkdir()
    (data := tmp_path / "data").mkdir()
    (data / "models").symlink_to(outside)
    with pytest.raises(StoreError, match="leads out"):
        new_folder(data, "pen-any")
    with pytest.raises(StoreError, match="leads out"):
        within(data, "../outside")
    (data / "samples.sqlite").symlink_to(outside / "samples.sqlite")
    with pytest.raises(StoreError, match="leads out"):
        Samples(data)
    assert list(outside.iterdir()) == []


def png_of(width: int, height: int) -> bytes:
    """A small file that claims to be a large picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def connect(client, token: str, **headers: str):
    address = str(client.base_url).replace("http", "ws") + "/socket"
    return client.websocket_connect(address, subprotocols=["strokes-studio", f"token.{token}"], headers=headers)
