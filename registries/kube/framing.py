"""From the chunks of a stream to its lines. Chunks end anywhere, also inside a character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import errors

MAX_LINE = 8 * 1024 * 1024  # bytes; an object of Kubernetes is at most 1.5 MiB


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines without their newline. A tail without newline is no line: the stream was
    cut, and what it began is read again. Raises `KubeError` for a line that never ends."""
    tail = b""
    for chunk in chunks:
        if b"\n" not in chunk:
            tail += chunk
        else:
            first, *rest = chunk.split(b"\n")
            yield tail + first
            yield from rest[:-1]
            tail = rest[-1]
        if len(tail) > MAX_LINE:
            raise errors.bad_answer("a line of more than 8 MiB")
