"""Ink as values and geometry: drawings, pictures, recordings, and what is computed of them alone."""
