"""Words and lines at the ink's own scale: strips of any length, thinned at the pen's width, walked pixel by pixel."""
