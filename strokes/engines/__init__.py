"""Where work is done: on this machine's cores, or on a cluster's. The same work gives the same results on each."""

from __future__ import annotations

from strokes.engines.local import LocalEngine
from strokes.engines.protocol import Engine, Lost, Work
from strokes.errors import ConfigError

__all__ = ["ENGINES", "Engine", "LocalEngine", "Lost", "Work", "choose_engine"]

ENGINES = ("local", "ray")


def choose_engine(name: str, workers: int = 0, address: str = "") -> Engine:
    """An engine by its name.

    Args:
        name: "local" or "ray".
        workers: how many, one core each; 0 for as many as there are cores.
        address: of a Ray cluster; "" for the one that RAY_ADDRESS names, or else for Ray on this machine alone.

    Raises:
        ConfigError: there is no such engine, it isn't installed, or the address is no business of it.
    """
    if name not in ENGINES:
        raise ConfigError(f"unknown engine {name!r}; one of {', '.join(ENGINES)}")
    if workers < 0:
        raise ConfigError(f"{workers} workers were asked for; expected 1 or more, or 0 for one a core")
    if name == "local":
        if address:
            raise ConfigError(f"the local engine has no address, and {address!r} was given; add --engine ray")
        return LocalEngine(workers)
    from strokes.engines.ray_engine import RayEngine

    return RayEngine(workers, address)
