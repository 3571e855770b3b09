"""Differentiable line rasterisers for torch: points in, images out, gradients back.

`raster.rasterise` draws polylines with the published mask, `raster.rasterise_thick` with a pen of some width;
`raster.reference` is the published formula itself. The package stands alone: importing it brings torch and nothing
else; compiled kernels load on first use.
"""

from raster.compose import COMPOSERS
from raster.errors import RasterError
from raster.soft import KERNELS, rasterise, rasterise_thick

__all__ = ["COMPOSERS", "KERNELS", "RasterError", "rasterise", "rasterise_thick"]
