"""Pen sets fetched from a server, or taken from a copy: laid out as the readers read them, and never twice."""

import http.server
import io
import json
import shutil
import tarfile
import threading
import zipfile
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from strokes.datasets.compress_z import uncompress
from strokes.datasets.fetch import fetch
from strokes.datasets.pen_sets import PEN_SOURCES, Archive, fetch_pens
from strokes.errors import ConfigError, SourceError
from strokes.formats.pens import load_pens
from strokes.formats.registry import FORMATS

DIGIT = """.SEGMENT DIGIT ? "7"
.COMMENT 7 12 1
.PEN_DOWN
 10 90
 60 90
 30 10
.PEN_UP
"""
PENDIGITS = f".VERSION 1.0\n.COORD X Y\n.HIERARCHY PAGE BOX DIGIT\n{DIGIT * 40}".encode()
STROKES = b"START\n1,-1,0\n5,-9,20\nBREAK\n"
COORDINATES = b".COORD X Y\n.WRITER_ID Anna Example\n.PEN_DOWN\n0 9\n9 9\n.PEN_UP\n.PEN_DOWN\n9 9\n3 0\n.PEN_UP\n"
SEGMENTS = b'.VERSION 1.0\n.HIERARCHY CHARACTER\n.INCLUDE apa/data/apa00/a.dat\n.SEGMENT CHARACTER 0-1 ? "7"\n'


def compress(content: bytes, *, most_bits: int = 12, clear_after: int = 400) -> bytes:
    """As Unix compress does, with the table cleared once in a while; see `strokes.datasets.compress_z`."""
    bits, at, group, width, table = 0, 0, 0, 9, {}

    def begin_group(wide: int) -> None:
        nonlocal at, group, width
        at += -(at - group) % (8 * width)
        group, width = at, wide

    def start() -> dict[bytes, int]:
        return {bytes([i]): i for i in range(256)} | {b"": 256}

    table, known, written = start(), b"", 0
    for byte in (*(content[i : i + 1] for i in range(len(content))), b""):
        if byte and known + byte in table:
            known += byte
            continue
        bits |= table[known] << at
        at += width
        if len(table) > (1 << width) - 1 and width < most_bits:
            begin_group(width + 1)
        if len(table) < 1 << most_bits:
            table[known + byte] = len(table)
        known, written = byte, written + 1
        if byte and written % clear_after == 0:
            bits |= 256 << at
            at += width
            begin_group(9)
            table = start()
    return b"\x1f\x9d" + bytes([0x80 | most_bits]) + bits.to_bytes(-(-at // 8), "little")


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    """A gzipped tape archive of these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(f"CDROM/train_r01_v07/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


FILES = {
    "pendigits.zip": zipped({"pendigits-orig.tra.Z": compress(PENDIGITS), "pendigits.names": b"about"}),
    "strokes_background.zip": zipped({"strokes_background/Greek/character01/0394_05.txt": STROKES, "__MACOSX/x": b""}),
    "strokes_evaluation.zip": zipped({"strokes_evaluation/Keble/character02/0002_01.txt": STROKES}),
    "unipen-CDROM-train_r01_v07.tgz": tarred(
        {
            "data/1a/apa/apa00/a.dat": SEGMENTS,
            "data/2/apa/apa00/b.dat": SEGMENTS,
            "include/apa/data/apa00/a.dat": COORDINATES,
        }
    ),
}
LABELS = {"pendigits": {"7"}, "omniglot": {"Greek/character01", "Keble/character02"}, "unipen": {"7"}}


@pytest.fixture
def site(tmp_path):
    """A web server's folder with every archive, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def at(name: str, address: str):
    """A set as it is fetched from another address, after one that has nothing."""
    source = PEN_SOURCES[name]
    archives = (Archive(a.name, (f"{address}/gone/{a.name}", f"{address}/{a.name}")) for a in source.archives)
    return replace(source, archives=tuple(archives))


@pytest.mark.parametrize("name", PEN_SOURCES)
def test_a_set_is_fetched_once_and_read(name, site, tmp_path):
    folder, address = site
    found = fetch_pens(at(name, address), name, cache=tmp_path / "cache")
    pens = load_pens(found)
    assert set(pens.names) == LABELS[name]
    assert all(pens.writers)
    shutil.rmtree(folder)
    assert fetch_pens(at(name, address), name, cache=tmp_path / "cache") == found


def test_a_file_that_changed_since_it_was_first_fetched_is_refused(site, tmp_path):
    folder, address = site
    source, cache = at("omniglot", address), tmp_path / "cache"
    fetch_pens(source, "omniglot", cache=cache)
    noted = json.loads((cache / "omniglot" / "sha256.json").read_text())
    assert set(noted) == {"strokes_background.zip", "strokes_evaluation.zip"}
    (cache / "omniglot" / "strokes_background.zip").unlink()
    (folder / "strokes_background.zip").write_bytes(b"another")
    with pytest.raises(SourceError, match="sent a file of sha256"):
        fetch_pens(source, "omniglot", cache=cache)
    (cache / "omniglot" / "strokes_evaluation.zip").write_bytes(b"damaged")
    (folder / "strokes_background.zip").write_bytes(FILES["strokes_background.zip"])
    with pytest.raises(SourceError, match="as first fetched"):
        fetch_pens(source, "omniglot", cache=cache)


def test_a_server_that_has_nothing_gives_one_error(site, tmp_path):
    with pytest.raises(SourceError, match=r"gone.*--path"):
        fetch_pens(at("unipen", site[1] + "/gone"), "unipen", cache=tmp_path / "cache")
    assert list((tmp_path / "cache" / "unipen").iterdir()) == []


@pytest.mark.parametrize("name", PEN_SOURCES)
def test_a_copy_of_the_archives_is_unpacked(name, site, tmp_path):
    found = fetch_pens(PEN_SOURCES[name], name, site[0], cache=tmp_path / "cache")
    assert set(load_pens(found).names) == LABELS[name]


def test_a_copy_that_the_readers_can_read_is_taken_as_it_is(tmp_path):
    (tmp_path / "pendigits-orig.tra").write_bytes(PENDIGITS)
    for path in (tmp_path, tmp_path / "pendigits-orig.tra"):
        assert fetch("pendigits", path) == path
    for wrong in (tmp_path / "none", tmp_path):
        with pytest.raises(SourceError):
            fetch("omniglot", wrong)
    with pytest.raises(ConfigError, match="mnist, emnist, a-z, pendigits, unipen, omniglot"):
        fetch("cifar")


def test_unipen_s_segments_get_their_coordinates_and_a_code_for_a_writer(site, tmp_path):
    found = fetch_pens(PEN_SOURCES["unipen"], "unipen", site[0], cache=tmp_path / "cache")
    (file,) = found.rglob("*.dat")
    assert file.parent.name == "digits"
    (recording,) = FORMATS["unipen"].read(found)
    assert recording.lengths == [2, 2]
    assert recording.metadata["writer"].startswith("apa-")
    assert b"Anna" not in recording.metadata["writer"].encode()


def test_an_archive_that_leads_out_of_its_folder_is_refused(tmp_path):
    copy = tmp_path / "strokes_background.zip"
    copy.write_bytes(zipped({"strokes_x/../../out_1.txt": STROKES}))
    with pytest.raises(SourceError, match="leads out"):
        fetch_pens(PEN_SOURCES["omniglot"], "omniglot", copy, cache=tmp_path / "cache")
    assert not list(tmp_path.rglob("out_1.txt"))


def test_a_broken_archive_gives_one_error(tmp_path):
    (tmp_path / "pendigits.zip").write_bytes(FILES["pendigits.zip"][:-60])
    with pytest.raises(SourceError, match="can't be unpacked"):
        fetch_pens(PEN_SOURCES["pendigits"], "pendigits", tmp_path / "pendigits.zip", cache=tmp_path / "cache")


@pytest.mark.parametrize("size", [0, 1, 5, 3000, 60_000])
def test_what_compress_packed_comes_back(size):
    random = np.random.default_rng(0)
    content = random.choice(np.frombuffer(b"0123456789 \n", np.uint8), size).tobytes()
    for most_bits, clear_after in ((9, 10**9), (12, 700), (16, 10**9)):
        assert uncompress(compress(content, most_bits=most_bits, clear_after=clear_after)) == content


@pytest.mark.parametrize("packed", [b"", b"\x1f\x8b\x90abc", b"\x1f\x9d\x20abc", b"\x1f\x9d\x90" + b"\xff" * 9])
def test_what_compress_did_not_pack_is_refused(packed):
    with pytest.raises(SourceError):
        uncompress(packed)
