"""Kept samples stay: through restarts and kills, once each, deleted one by one, exported with all that is known."""

import io
import json
import signal

import numpy as np
import pytest
from PIL import Image, ImageDraw
from websockets.sync.client import connect

from strokes.formats import import_file
from strokes.formats.pens import load_pens
from strokes.store.reader import open_dataset
from strokes.studio.collect_tab import pens_job
from strokes.studio.exports import HDF5, downloads, write_samples
from strokes.studio.messages import drawing_of
from strokes.studio.samples import Samples
from strokes.studio.studio import Studio

DRAWN = drawing_of(
    {"strokes": [[[0.1, 0.2, 0, 0.5, 10, 20], [0.4, 0.9, 16, 0.75, 10, 20]], [[0.5, 0.5, 300, 1, 0, 0]]]}
)


@pytest.fixture
def samples(tmp_path):
    made = Samples(tmp_path)
    yield made
    made.close()


def test_what_was_kept_is_there_after_a_restart(samples, tmp_path):
    number = samples.keep("key", "ann", "7", DRAWN)
    samples.close()
    again = Samples(tmp_path)
    (found,) = again.all()
    again.close()
    assert (found.id, found.writer, found.label) == (number, "ann", "7")
    assert found.strokes == [[[0.1, 0.2, 0, 0.5, 10, 20], [0.4, 0.9, 16, 0.75, 10, 20]], [[0.5, 0.5, 300, 1, 0, 0]]]


def test_a_sample_sent_twice_is_kept_once(samples):
    assert samples.keep("key", "ann", "7", DRAWN) == samples.keep("key", "ann", "7", DRAWN)
    assert samples.count() == 1


def test_writers_and_classes_are_counted_apart_and_samples_deleted_one_by_one(samples):
    numbers = [
        samples.keep(f"{writer}{label}{i}", writer, label, DRAWN) for writer in "ab" for label in "01" for i in range(2)
    ]
    assert samples.counts("a") == {"0": 2, "1": 2}
    assert samples.delete(numbers[0])
    assert not samples.delete(numbers[0])
    assert samples.counts("a") == {"0": 1, "1": 2}
    assert samples.counts("b") == {"0": 2, "1": 2}
    assert samples.last("a") == numbers[3]


@pytest.mark.parametrize("form", [download.name for download in downloads(films=False)])
def test_samples_are_written_in_every_format(samples, tmp_path, form):
    samples.keep("1", "ann", "7", DRAWN)
    samples.keep("2", "bob", "1", DRAWN)
    (chosen,) = [download for download in downloads(films=False) if download.name == form]
    out = tmp_path / f"samples{chosen.ending}"
    write_samples(samples.all(), out, form)
    assert out.stat().st_size > 0


def test_an_export_keeps_times_pressure_and_writers(samples, tmp_path):
    samples.keep("1", "ann", "7", DRAWN)
    write_samples(samples.all(), tmp_path / "out.h5", HDF5)
    with open_dataset(tmp_path / "out.h5") as stored:
        found = stored.read()
    assert found.point_columns["time_ms"].tolist() == [0, 16, 300]
    assert found.point_columns["pressure"].tolist() == [0.5, 0.75, 1]
    assert found.point_columns["tilt_x"].tolist() == [10, 10, 0]
    assert found.point_columns["tilt_y"].tolist() == [20, 20, 0]
    assert json.loads(found.metadata[0]) == {"writer": "ann"}
    assert np.allclose(found.points, [[0.1, 0.2], [0.4, 0.9], [0.5, 0.5]])
    write_samples(samples.all(), tmp_path / "out.ndjson", "ndjson")
    assert load_pens(tmp_path / "out.ndjson").writers == ("ann",)
    assert import_file(tmp_path / "out.ndjson", tmp_path / "again.h5") == 1


def test_the_page_is_told_where_it_stands(ask):
    assert ask("collection", classes="0-2,x", writer="ann")["done"]["counts"] == [
        ["0", 0],
        ["1", 0],
        ["2", 0],
        ["x", 0],
    ]
    stroke = [[[0.1, 0.2], [0.4, 0.9]]]
    kept = ask("keep", strokes=stroke, writer="ann", label="x", key="k")["done"]
    assert kept["counts"][-1] == ["x", 1]
    assert [sample["id"] for sample in kept["samples"]] == [kept["kept"]]
    assert ask("delete sample", writer="ann")["done"]["total"] == 0
    assert "classes" in ask("collection", classes="9-0")["error"]


def test_every_writers_samples_are_learned_from(samples, tmp_path):
    for writer in ("me", "ann", "bob"):  # ann and bob are codes that are kept for measuring
        samples.keep(writer, writer, "7", DRAWN)
    pens_job(lambda _: None, str(tmp_path), "", str(tmp_path / "pens.ndjson"))
    assert not load_pens(tmp_path / "pens.ndjson").held_out.any()


STROKE = [[[0.5, 0.2], [0.5, 0.8]]]


def test_training_goes_on_without_the_page_that_began_it_until_it_is_stopped(ask, studio):
    ask("keep", strokes=STROKE, writer="ann", label="7", key="k")
    ask.socket.send_text(json.dumps({"id": 500, "do": "train", "recipe": "pen-digits"}))
    assert ask.socket.receive_json()["progress"] == {"said": "training begins"}
    ask.socket.send_text(json.dumps({"id": 501, "do": "cancel", "of": 500}))
    answers = {}
    while not {500, 501} <= answers.keys():
        found = ask.socket.receive_json()
        answers |= {found["id"]: found} if "progress" not in found else {}
    assert answers[500]["cancelled"]
    assert ask("collection")["done"]["training"]
    assert "in training" in ask("train", recipe="pen-any")["error"]
    assert ask("stop training")["done"] == {"stopped": True}
    assert ask("follow training")["cancelled"]
    assert not ask("collection")["done"]["training"]
    assert studio.networks.trained is None


def test_what_was_learned_recovers_drawings_and_pictures_also_after_a_restart(ask, client, studio):
    for i in range(3):
        ask("keep", strokes=STROKE, writer="ann", label="1", key=f"{i}")
    ask("keep", strokes=STROKE, writer="bob", label="x", key="x")
    learned = ask("train", recipe="adapt", rounds=1, writer="ann")["done"]["model"]
    assert learned == "models/adapted-pen-digits-1"  # ann wrote digits alone
    assert ask("draw", strokes=STROKE)["done"]["model"] == "adapted-pen-digits-1"
    assert ask("draw", strokes=STROKE, characters="letters")["done"]["model"] == "pen-letters"  # it knows none
    assert ask("recover", picture=send_line(client))["done"]["model"] == "adapted-pen-digits-1"
    assert Studio.over(studio.data).networks.own.endswith(learned)
    ask("use shipped")
    assert ask("draw", strokes=STROKE)["done"]["model"] == "pen-digits"


def send_line(client) -> str:
    """Send a picture of a line to the studio."""
    picture = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(picture).line([(30, 10), (30, 50)], fill=0, width=5)
    picture.save(written := io.BytesIO(), "PNG")
    return str(client.post("/api/pictures", content=written.getvalue()).json()["picture"])


def test_every_sample_can_be_reached(ask, studio):
    for i in range(65):
        studio.samples.keep(f"{i}", "ann", "7", DRAWN)
    newest = ask("collection", writer="ann")["done"]["samples"]
    older = ask("older samples", writer="ann", before=newest[-1]["id"])["done"]["samples"]
    assert [sample["id"] for sample in newest + older] == list(range(65, 0, -1))


def test_no_acknowledged_sample_is_lost_by_kills(start, tmp_path):
    stroke = [[[0.1, 0.2], [0.4, 0.9]]]
    acknowledged = []
    for _ in range(2):
        running = start(tmp_path / "data")
        protocols = ["strokes-studio", f"token.{running.token}"]
        with connect(f"ws{running.origin[4:]}/socket", origin=running.origin, subprotocols=protocols) as socket:
            socket.recv()
            for i in range(20):
                key = f"{len(acknowledged)}"
                message = {"id": i, "do": "keep", "strokes": stroke, "writer": "ann", "label": "7", "key": key}
                socket.send(json.dumps(message))
                assert "done" in json.loads(socket.recv())
                acknowledged.append(key)
            running.process.send_signal(signal.SIGKILL)
            running.process.wait()
    samples = Samples(tmp_path / "data")
    assert samples.count() == len(acknowledged) == 40
    samples.close()
