"""What tests of commands share."""

import logging
import sys

import numpy as np
import pytest

from strokes import cli
from strokes.datasets import load_pen_samples
from strokes.ink.augment import Variation, vary
from strokes.ink.pictures import GreySet
from strokes.ink.rendering import centre_in_frame, write_pictures


@pytest.fixture(scope="module")
def bucket():
    """The URL of an empty bucket on an S3 server of this machine, and a client of it."""
    server_of = pytest.importorskip("moto.server")
    boto3, s3fs = pytest.importorskip("boto3"), pytest.importorskip("s3fs")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = server_of.ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patched.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patched.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        patched.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
        client.create_bucket(Bucket="ink")
        yield "s3://ink", client
        s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command line in the test's folder; its exit code, and the lines of its output and errors."""
    monkeypatch.chdir(tmp_path)

    def strokes(*arguments: object) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(sys, "argv", ["strokes", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        found = capsys.readouterr()
        return code, found.out.splitlines(), found.err.splitlines()

    return strokes


def written_digits(seed: int, copies: int = 4) -> GreySet:
    """Every pen sample a few times, each time varied otherwise."""
    samples = centre_in_frame(load_pen_samples())
    chosen = samples.select(np.tile(np.arange(len(samples)), copies))
    varied = vary(chosen, Variation(turn=0.05, slant=0.1), np.random.default_rng(seed))
    return GreySet(write_pictures(varied), chosen.labels, chosen.classes, "written digits")


@pytest.fixture(scope="session")
def written() -> GreySet:
    """Real test pictures, as it were."""
    return written_digits(0)


@pytest.fixture(scope="session")
def others() -> GreySet:
    """Digits of the same hands, none of them the same."""
    return written_digits(1)
