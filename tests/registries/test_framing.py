"""Lines of a stream, wherever its chunks end."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.kube import framing
from registries.kube.errors import KubeError
from registries.kube.framing import lines

LINES = st.lists(st.text().map(str.encode).filter(lambda line: b"\n" not in line), max_size=6)


@given(LINES, st.lists(st.integers(0, 200), max_size=12))
def test_lines_do_not_depend_on_chunks(wanted: list[bytes], cuts: list[int]) -> None:
    data = b"".join(line + b"\n" for line in wanted)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[a:b] for a, b in itertools.pairwise(places)]
    assert list(lines(chunks)) == wanted


@given(LINES, st.binary(min_size=1).filter(lambda tail: b"\n" not in tail))
def test_a_tail_without_newline_is_no_line(wanted: list[bytes], tail: bytes) -> None:
    data = b"".join(line + b"\n" for line in wanted) + tail
    assert list(lines([data])) == wanted
    assert list(lines([bytes([byte]) for byte in data])) == wanted


def test_a_line_comes_as_soon_as_it_is_whole() -> None:
    seen = []

    def chunks() -> object:
        yield b"one\ntw"
        seen.append(next_line_was)
        yield b"o\n"

    found = lines(chunks())  # type: ignore[arg-type]
    next_line_was = next(found)
    assert next(found) == b"two"
    assert seen == [b"one"]


def test_a_line_that_never_ends_is_refused() -> None:
    piece = b"x" * (1024 * 1024)
    with pytest.raises(KubeError, match="8 MiB") as caught:
        list(lines(piece for _ in range(1_000)))
    assert caught.value.code == "bad_answer"
    assert list(lines([b"x" * framing.MAX_LINE + b"\n"])) == [b"x" * framing.MAX_LINE]
