"""The ways of recovering strokes that can be judged, by name."""

from __future__ import annotations

from functools import partial

from strokes.building import DEFAULT_MODEL, as_digits, check_device
from strokes.checkpoints import find_model, load_network
from strokes.drawing import DrawingSet
from strokes.errors import ConfigError
from strokes.judging.pens import Recover
from strokes.recovery import Recovery, check_labels
from strokes.sources.images import ImageSet
from strokes.tracing import trace_block

METHODS = ("network", "trace")


def choose_recover(method: str = "network", *, model: str = DEFAULT_MODEL, device: str = "cpu") -> Recover:
    """What recovers drawings from thinned pictures: a network, or the tracing of their skeletons.

    Args:
        method: one of `METHODS`.
        model: the name of a shipped network, or a checkpoint's path; tracing takes none.
        device: where a network runs.

    Raises:
        ConfigError: the method, model or device is unknown; or, when it recovers, a class is not the network's.
    """
    if method not in METHODS:
        raise ConfigError(f"unknown method {method!r}; one of {', '.join(METHODS)}")
    if method == "trace":
        return partial(trace_block, scores=False)
    network, recipe = load_network(find_model(model), device=check_device(device))
    recovery = Recovery(network, recipe, scores=False, device=device)

    def recover(pictures: ImageSet) -> DrawingSet:
        named = as_digits(pictures)
        check_labels(named, recipe)
        return recovery.block(named)

    return recover
