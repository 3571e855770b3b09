"""Scans and pages to lines, words and glyphs."""
