"""The GPU kernels as torch functions (Triton); absent Triton, `rasterise` draws CUDA tensors with the portable one."""

from functools import lru_cache

from torch import Tensor

from raster.errors import RasterError


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether the Triton kernels can be used here."""
    return False


def draw(
    points: Tensor, weights: Tensor | None, *, size: tuple[int, int], compose: str, width_px: float | None
) -> Tensor:
    """Draw `points` `(batch, n, 3)`, n ≥ 2, on their CUDA device."""
    raise RasterError("the cuda kernel isn't available: Triton can't be imported; use kernel='torch'")
