"""A secret is encrypted in the database and does not show itself anywhere else."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from console import secrets
from console.models import AuditEntry
from console.secrets import Secret, SecretField
from registries import actions
from registries.models import Registry
from tests.factories import make_registry

CANARY = "canary-4f1c.not-to-be-seen"


@pytest.fixture
def registry(db: None) -> Registry:
    return make_registry(token=CANARY)


def raw(registry: Registry) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM registries_registry WHERE id = %s", [str(registry.pk)])
        return bytes(cursor.fetchone()[0])


def test_the_row_holds_ciphertext(registry: Registry) -> None:
    stored = raw(registry)
    assert stored
    assert CANARY.encode() not in stored
    assert Registry.objects.get().token.reveal() == CANARY


def test_equal_secrets_are_different_ciphertexts(registry: Registry) -> None:
    other = make_registry(token=CANARY)
    assert raw(registry) != raw(other)


def test_an_empty_secret_stays_empty(registry: Registry) -> None:
    Registry.objects.update(token=Secret())
    assert raw(registry) == b""
    assert not Registry.objects.get().token


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        lambda one: f"{one!s:>10}",
        lambda one: repr([one]),
        lambda one: repr({"token": one}),
    ],
)
def test_a_secret_prints_as_stars(show: object) -> None:
    assert CANARY not in show(Secret(CANARY))  # type: ignore[operator]


def test_a_secret_is_neither_pickled_nor_copied_nor_json() -> None:
    for refuse in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            refuse(Secret(CANARY))
    assert not hasattr(Secret(CANARY), "__dict__")


def test_secrets_are_equal_by_their_text() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")


def test_the_row_shows_it_nowhere(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("dumpdata", "registries", "console")
    shown = [
        capsys.readouterr().out,
        repr(vars(registry)),
        repr(registry.to_spec()),
        serializers.serialize("json", [registry]),
        repr(list(AuditEntry.objects.values())),
    ]
    for text in shown:
        assert CANARY not in text


def test_the_audit_says_only_that_it_is_set_or_replaced(registry: Registry) -> None:
    created = AuditEntry.objects.filter(object_type="registry").latest("pk")
    assert created.after["token"] == "(set)"
    registry.token = Secret(f"{CANARY}-2")
    actions.change_registry(registry=registry, actor=None, verify=False)
    changed = AuditEntry.objects.filter(object_type="registry").latest("pk")
    assert changed.after["token"] == "(replaced)"
    assert CANARY not in json.dumps([changed.before, changed.after])


def test_no_form_or_serializer_takes_it_up_by_itself() -> None:
    field = Registry._meta.get_field("token")
    assert isinstance(field, SecretField)
    assert not field.editable
    assert not field.serialize


@pytest.fixture
def change_keys(settings: Settings) -> object:
    def change(*new: str) -> None:
        settings.SECRET_KEYS = list(new)
        secrets._cipher.cache_clear()

    yield change
    secrets._cipher.cache_clear()


def test_the_first_key_encrypts_and_all_decrypt(
    registry: Registry, settings: Settings, change_keys: object
) -> None:
    [old], new = settings.SECRET_KEYS, secrets.new_key()
    change_keys(new, old)  # type: ignore[operator]
    found = Registry.objects.get()
    assert found.token.reveal() == CANARY
    found.save()
    change_keys(new)  # type: ignore[operator]
    assert Registry.objects.get().token.reveal() == CANARY


def test_a_missing_key_is_said_plainly(registry: Registry, change_keys: object) -> None:
    change_keys(secrets.new_key())  # type: ignore[operator]
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEYS"):
        Registry.objects.get()
