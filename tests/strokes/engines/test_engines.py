"""Engines give every item to a worker once, in this process or on a cluster, whatever dies meanwhile."""

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import ray
from ray import cloudpickle

from strokes.engines import Lost, choose_engine, ray_engine
from strokes.engines.progress import WorkProgress
from strokes.engines.stopping import sigterm_interrupts
from strokes.errors import ConfigError, EngineError

cloudpickle.register_pickle_by_value(sys.modules[__name__])
TWENTY = [(i, i) for i in range(20)]


@dataclass
class Square:
    """Squares numbers; some die or fail, and each is noted with its process and node in a folder."""

    folder: str
    deadly: int = -1
    broken: int = -1
    seconds: float = 0.0

    def prepare(self):
        """Nothing."""

    def __call__(self, number):
        with open(os.path.join(self.folder, f"{number}-{time.monotonic_ns()}"), "w") as file:
            file.write(f"{os.getpid()} {os.environ.get('RAY_NODE_ID', '')}")
        time.sleep(self.seconds)
        if number == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.broken:
            raise ConfigError(f"{number} is broken")
        return number**2


def noted(folder):
    """The processes that were at work."""
    return {int(path.read_text().split()[0]) for path in folder.iterdir() if path.read_text()}


@pytest.fixture(params=["local", "ray"])
def engine(request):
    """Either engine, with two workers."""
    if request.param == "local":
        return choose_engine("local", 2)
    return choose_engine("ray", 2, request.getfixturevalue("cluster").address)


def test_every_item_is_done_once(engine, tmp_path):
    found = sorted(engine.run(Square(str(tmp_path)), TWENTY))
    assert found == [(i, i * i) for i in range(20)]
    assert len(list(tmp_path.iterdir())) == 20


def test_what_the_work_raises_is_raised(engine, tmp_path):
    with pytest.raises(ConfigError, match=r"^7 is broken$"):
        list(engine.run(Square(str(tmp_path), broken=7), TWENTY))


def test_items_are_taken_as_they_are_needed(engine, tmp_path):
    taken = []
    items = ((i, i) for i in range(1000) if taken.append(i) is None)
    results = engine.run(Square(str(tmp_path), seconds=0.01), items)
    next(results)
    results.close()
    assert len(taken) < 20


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost_or_doubled(cluster, tmp_path):
    results = choose_engine("ray", 2, cluster.address).run(Square(str(tmp_path), seconds=0.1), TWENTY)
    found = [next(results)]
    for process in noted(tmp_path):
        os.kill(process, signal.SIGKILL)
    assert sorted(found + list(results)) == [(i, i * i) for i in range(20)]
    assert len(noted(tmp_path)) >= 3


def test_an_item_that_kills_every_worker_is_given_up_alone(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_engine, "MOST_DEATHS", 2)
    found = dict(choose_engine("ray", 2, cluster.address).run(Square(str(tmp_path), deadly=3), TWENTY[:6]))
    assert isinstance(found.pop(3), Lost)
    assert found == {i: i * i for i in range(6) if i != 3}


def test_a_node_that_dies_is_outlived_and_one_that_joins_late_works(cluster, tmp_path):
    node = cluster.add_node(num_cpus=1, resources={"late": 1}, object_store_memory=100 << 20)
    engine = choose_engine("ray", 7, cluster.address)
    results = engine.run(Square(str(tmp_path), seconds=0.3), [(i, i) for i in range(60)])
    found = [next(results) for _ in range(5)]
    cluster.remove_node(node, allow_graceful=False)
    late = cluster.add_node(num_cpus=1, object_store_memory=100 << 20)
    try:
        assert sorted(found + list(results)) == [(i, i * i) for i in range(60)]
    finally:
        cluster.remove_node(late)


@pytest.fixture
def dying():
    """What stands for Ray where every worker dies as it begins."""

    def die(ref):
        raise ray.exceptions.ActorDiedError

    def begin(work):
        return SimpleNamespace(prepare=SimpleNamespace(remote=object))

    return SimpleNamespace(
        exceptions=ray.exceptions,
        put=lambda work: work,
        remote=lambda **known: lambda hand: SimpleNamespace(remote=begin),
        wait=lambda refs, **known: (refs[:1], refs[1:]),
        get=die,
        kill=lambda actor: None,
        cluster_resources=lambda: {"CPU": 16},
    )


def test_workers_that_all_die_as_they_begin_end_the_run(dying):
    crew = ray_engine.Crew(dying, Square(""), 0)
    with pytest.raises(EngineError, match="workers can't begin"):
        list(crew.work_off(iter(TWENTY)))


def test_a_machine_whose_workers_die_as_they_begin_doesn_t_end_the_run_of_others(dying, monkeypatch):
    crew = ray_engine.Crew(dying, Square(""), 0)
    crew.members.append(ray_engine.Member(object()))
    crew.hire()
    for ref in list(crew.coming):
        crew.welcome(ref)
    crew.hire()
    assert not crew.coming  # it isn't asked again at once
    later = time.monotonic() + 2 * ray_engine.COUNT_EVERY_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    crew.hire()
    assert len(crew.coming) == 15


def test_a_cluster_that_is_not_there_is_one_line():
    with pytest.raises(EngineError, match=r"no Ray cluster at 127\.0\.0\.1:1") as caught:
        list(choose_engine("ray", 1, "127.0.0.1:1").run(Square(""), TWENTY))
    assert "\n" not in str(caught.value)


def test_an_interrupted_local_run_gives_what_its_workers_were_at(tmp_path):
    class Interrupting(Square):
        def __call__(self, number):
            if number == 3:
                raise KeyboardInterrupt
            return super().__call__(number)

    found = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(choose_engine("local", 1).run(Interrupting(str(tmp_path)), TWENTY))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_failure_waits_for_what_the_other_local_workers_are_at(tmp_path):
    begun = []
    one_begun = threading.Event()

    class Failing(Square):
        def __call__(self, number):
            begun.append(number)
            if number == 0:
                one_begun.wait(60)
                raise ConfigError("0 is broken")
            one_begun.set()
            time.sleep(0.2)
            return super().__call__(number)

    found = []
    with pytest.raises(ConfigError, match="0 is broken"):
        found.extend(choose_engine("local", 2).run(Failing(str(tmp_path)), TWENTY))
    assert (1, 1) in found
    assert sorted(found) == [(number, number**2) for number in sorted(begun) if number]


def test_sigterm_is_an_interrupt_while_work_runs_and_afterwards_what_it_was():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), sigterm_interrupts():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("spark",), "one of local, ray"), (("local", -1), "-1 workers"), (("local", 1, "head:6379"), "--engine ray")],
)
def test_what_is_no_engine_is_refused(arguments, told):
    with pytest.raises(ConfigError, match=told):
        choose_engine(*arguments)


def test_a_line_of_progress_says_done_failed_pace_and_time_left():
    with WorkProgress(10_000, done=1_000) as progress:
        progress.update(2_000, failed=3)
        assert progress.line(20.0) == "3,000 of 10,000 drawings done, 3 failed, 100 a second, 70 s left"


def test_a_log_gets_a_line_a_minute(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with WorkProgress(100) as progress:
        for _ in range(10):
            clock[0] += 20
            progress.update(1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines if "done" in line] == ["3", "6", "9"]
