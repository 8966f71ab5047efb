"""What a kind cannot express any more is remembered as it was, whoever begins anew."""

from __future__ import annotations

from typing import Any

import pytest

from console import redis
from console.contract import keys
from console.redis import Client, RedisError
from gateways.lastforms import LastForms

KEY = keys.last_forms(keys.control_plane("p"))


def test_only_what_is_refused_is_kept(store: Client) -> None:
    forms = LastForms(store, "p", "envoy")
    assert forms.begin() == {}
    forms.note({"route/1": b"good", "route/2": b"two", "route/3": b"never"}, {"route/3"})
    assert not store.exists(KEY)
    forms.note({"route/1": b"bad"}, {"route/1", "route/3"})
    forms.note({"route/1": b"worse", "route/2": b"other"}, {"route/1", "route/3"})
    assert LastForms(store, "p", "envoy").begin() == {"route/1": b"good"}
    assert LastForms(store, "p", "traefik").begin() == {}
    forms.note({"route/1": b"mended"}, {"route/3"})
    assert not store.exists(KEY)


def test_who_begins_anew_goes_on_with_what_was_kept(store: Client) -> None:
    store.hset(KEY, mapping={"envoy:route/1": b"good", "envoy:route/2": b"gone"})
    forms = LastForms(store, "p", "envoy")
    assert set(forms.begin()) == {"route/1", "route/2"}
    forms.note({"route/1": b"bad"}, {"route/1"})
    assert LastForms(store, "p", "envoy").begin() == {"route/1": b"good"}
    forms.note({"route/1": None}, set())
    assert not store.exists(KEY)


def test_a_route_is_refused_for_its_upstream(store: Client) -> None:
    forms = LastForms(store, "p", "envoy")
    forms.note({"route/1": b"same", "upstream/1": b"one"}, set())
    forms.note({"upstream/1": b"other"}, {"route/1"})
    assert LastForms(store, "p", "envoy").begin() == {"route/1": b"same"}


def test_what_redis_did_not_take_is_caught_up(
    store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms: Any = LastForms(store, "p", "envoy")
    forms.note({"route/1": b"good"}, set())
    gone = redis.connect("redis://127.0.0.1:1/0")
    monkeypatch.setattr(forms, "_client", gone)
    with pytest.raises(RedisError):
        forms.note({"route/1": b"bad"}, {"route/1"})
    gone.close()
    assert forms.behind
    monkeypatch.setattr(forms, "_client", store)
    forms.note({}, {"route/1"})
    assert not forms.behind
    assert LastForms(store, "p", "envoy").begin() == {"route/1": b"good"}
