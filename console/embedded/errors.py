"""What stops a start: a sentence for the person who asked for it."""

from __future__ import annotations


class StartError(Exception):
    """The text says what is wrong and what to do; it is shown without a traceback."""
