"""What must not be in a log line is taken out of it, whoever logs it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from console.redaction import RedactingFilter, redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl-_x"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("authorization: bearer abc", "authorization: bearer ***"),
        ("Authorization: Basic dXNlcjpwdw==", "Authorization: Basic ***"),
        (f"token {JWT} end", "token *** end"),
        ("{'a': 'ptl_AbC-12_x'}", "{'a': '***'}"),
        ("redis://:s3cret@host:6379/0", "redis://:***@host:6379/0"),
        ("redis://user:s3cret@host", "redis://user:***@host"),
        ("postgres://me:pw@db/x and redis://:q@r", "postgres://me:***@db/x and redis://:***@r"),
        (f"key {PEM} end", "key *** end"),
        ("https://host:8443/path", "https://host:8443/path"),
        ("nothing to hide", "nothing to hide"),
        ("bell \x07 escape \x1b[31m tab\t", "bell \\x07 escape \\x1b[31m tab\\x09"),
    ],
)
def test_secrets_are_taken_out(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.redaction")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def test_arguments_are_redacted(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = written
    logger.warning("headers %r of %s", {"Authorization": f"Bearer {JWT}"}, "redis://:pw@h")
    assert JWT not in stream.getvalue()
    assert "pw@" not in stream.getvalue()


def test_tracebacks_are_redacted(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = written
    try:
        raise ValueError(f"refused Bearer {JWT}")
    except ValueError:
        logger.exception("failed")
    assert "Traceback" in stream.getvalue()
    assert JWT not in stream.getvalue()


def test_a_name_cannot_forge_a_line(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = written
    logger.warning("service %s", "web\nERROR all is lost")
    assert stream.getvalue().count("\n") == 1


def test_arguments_that_do_not_fit_do_no_harm(
    written: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, stream = written
    logger.warning("%d and %s", "x")
    assert "do not fit" in stream.getvalue()


def test_the_houses_handlers_have_the_filter() -> None:
    from django.conf import settings

    for handler in settings.LOGGING["handlers"].values():
        assert "redact" in handler["filters"]
