"""Settings from the environment: typed, or a start that stops and names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from console import env

NAME = "PORTOLAN_TEST_SETTING"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> object:
    return lambda value, name=NAME: monkeypatch.setenv(name, str(value))


@pytest.mark.parametrize("value", ["1", "true", "Yes", " ON "])
def test_what_is_true(given: object, value: str) -> None:
    given(value)  # type: ignore[operator]
    assert env.flag(NAME) is True


@pytest.mark.parametrize("value", ["0", "false", "No", "off", ""])
def test_what_is_false(given: object, value: str) -> None:
    given(value)  # type: ignore[operator]
    assert env.flag(NAME, default=True) is False


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (env.flag, "maybe"),
        (lambda name: env.number(name, 1), "much"),
        (lambda name: env.integer(name, 1), "1.5"),
    ],
)
def test_a_bad_value_is_named(given: object, read: object, value: str) -> None:
    given(value)  # type: ignore[operator]
    with pytest.raises(ImproperlyConfigured, match=NAME):
        read(NAME)  # type: ignore[operator]


def test_defaults() -> None:
    assert env.text(NAME, "x") == "x"
    assert env.flag(NAME, default=True)
    assert env.number(NAME, 1.5) == 1.5
    assert env.integer(NAME, 7) == 7
    assert env.words(NAME, "a, b c") == ["a", "b", "c"]


def test_a_file_is_read_without_its_newline(given: object, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("value\n")
    given(file, f"{NAME}_FILE")  # type: ignore[operator]
    assert env.text(NAME) == "value"


def test_the_variable_itself_comes_first(given: object, tmp_path: Path) -> None:
    given("direct")  # type: ignore[operator]
    given(tmp_path / "absent", f"{NAME}_FILE")  # type: ignore[operator]
    assert env.text(NAME) == "direct"


def test_a_file_that_cannot_be_read_stops_the_start(given: object, tmp_path: Path) -> None:
    given(tmp_path / "absent", f"{NAME}_FILE")  # type: ignore[operator]
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE"):
        env.text(NAME)
