"""The one error of `raster`: input that can't be drawn."""


class RasterError(ValueError):
    """A shape, dtype, size or option that the rasteriser does not take; the message says what it expected."""
