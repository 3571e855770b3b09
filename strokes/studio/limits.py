"""What one message, drawing, picture or sample may be at most; beyond it is refused, and nothing else happens."""

from __future__ import annotations

MESSAGE_BYTES = 12 << 20
"""A longer message is answered by an error."""
FRAME_BYTES = 16 << 20
"""A longer one closes its connection, before it is taken into memory."""
PICTURE_BYTES = 32 << 20
WAITING_MESSAGES = 64
"""Messages of one connection in work at a time; more wait unread."""
CONNECTIONS = 32

STROKES = 200
POINTS = 20_000
"""Of one drawing by hand."""
PAGE_STROKES = 20_000
PAGE_POINTS = 400_000
"""Of a recovered page."""
PAGES = 100_000
PLOT_MM = 10_000.0

NAME_LETTERS = 60
FILE_LETTERS = 255
CLASSES = 500
CLASSES_LETTERS = 2_000
TEXT_LETTERS = 400
DRAWINGS_AT_ONCE = 512
KEPT_FILES = 24
"""Pictures and downloads that wait to be used; the oldest goes first."""
