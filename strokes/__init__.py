"""Turns pictures of handwriting into what the pen did."""
