"""Differentiable line rasterisers for torch: points in, images out, gradients back.

`raster.rasterise` draws polylines with the published mask, `raster.rasterise_thick` with a pen of some width;
`raster.reference` is the published formula itself. The package stands alone: using it brings torch and nothing else;
compiled kernels load on first use, and so does torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raster.compose import COMPOSERS
    from raster.errors import RasterError
    from raster.soft import KERNELS, rasterise, rasterise_thick

__all__ = ["COMPOSERS", "KERNELS", "RasterError", "rasterise", "rasterise_thick"]

HOMES = {
    "COMPOSERS": "compose",
    "RasterError": "errors",
    "KERNELS": "soft",
    "rasterise": "soft",
    "rasterise_thick": "soft",
}


def __getattr__(name: str) -> Any:
    """Find a public name in its module when it's first asked for."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
