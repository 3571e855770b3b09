"""Errors that a person can act on: the command line prints each as one line and exits with 1."""


class StrokesError(Exception):
    """Something about the input, the settings or the machine; the message says what to do."""


class ShapeError(StrokesError):
    """An array has the wrong shape, type or values."""


class ConfigError(StrokesError):
    """A setting, recipe, model or option is unknown or out of range."""


class SourceError(StrokesError):
    """Images or pen recordings can't be read: missing, truncated, or not what they claim to be."""


class StoreError(StrokesError):
    """A dataset file can't be written or read."""


class EngineError(StrokesError):
    """Workers can't be had, or die; what they finished is kept."""
