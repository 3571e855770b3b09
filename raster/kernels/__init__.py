"""The same images by different means: `portable` (plain torch), `cpu` (fused, numba), `cuda` (Triton)."""

DRAWINGS_A_TAKE = 4
"""Drawings that a thread of the CPU kernels takes at a time."""
