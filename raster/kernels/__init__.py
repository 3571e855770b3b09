"""The same images by different means: `portable` (plain torch), `cpu` (fused, numba), `cuda` (Triton)."""
