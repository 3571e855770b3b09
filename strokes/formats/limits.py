"""What a reader accepts at most, so that a hostile or broken file ends in one clear line."""

MAX_LINE_BYTES = 4 << 20
"""One line of text, and one drawing of a JSON file."""
MAX_FILE_BYTES = 64 << 30
MAX_WHOLE_BYTES = 16 << 20
"""A file that can only be read whole."""
MAX_ARRAY_BYTES = 1 << 30
"""An array that can only be read whole."""
MAX_POINTS = 200_000
"""Points of one drawing."""
MAX_COORDINATE = 1e9
MAX_COLUMN = 1e15
"""Of a time, a pressure or a tilt, once they are in their units."""
MAX_CLOCK = 1e19
"""Of a recorder's clock: nanoseconds since 1970."""
MAX_LABEL_LENGTH = 1000
MAX_METADATA_LENGTH = 1 << 20
MAX_CLASSES = 65_536
MAX_SCORES = 100
