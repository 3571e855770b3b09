"""Figures as pure functions on arrays: of pictures, of pens, of generated pictures."""
