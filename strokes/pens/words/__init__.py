"""Words and lines at the ink's own scale: a strip of any length, an x-height of 12 pixels, walked over token by token."""
