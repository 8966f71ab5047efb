"""The fence: once a newer epoch has claimed a feed, an older one writes nothing."""

from __future__ import annotations

import pytest

from console.feed import Fenced
from console.redis import Client
from tests.feed.conftest import MakeWriter, entries, states


def test_a_claim_alone_fences_the_older_epoch_off(store: Client, make_writer: MakeWriter) -> None:
    old = make_writer(1)
    old.commit({"a": b"old"})
    make_writer(2)
    with pytest.raises(Fenced):
        old.commit({"a": b"late"})
    with pytest.raises(Fenced):
        old.replace({"a": b"late"})
    with pytest.raises(Fenced):
        old.verify()
    assert states(store) == {"a": b"old"}
    assert entries(store) == ["1-1"]


def test_an_older_epoch_cannot_claim(store: Client, make_writer: MakeWriter) -> None:
    make_writer(5).commit({"a": b"1"})
    with pytest.raises(Fenced):
        make_writer(4)


def test_the_same_epoch_may_open_again(store: Client, make_writer: MakeWriter) -> None:
    make_writer(5).commit({"a": b"1"})
    again = make_writer(5)
    assert again.commit({"a": b"2"})
    assert entries(store) == ["5-1", "5-2"]
