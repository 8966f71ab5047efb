"""A logging filter that takes secrets out of every line before it is written.

Nothing in the house logs a secret on purpose; libraries do when they are asked to be talkative.
Control characters are escaped too, so that a hostile name cannot forge a log line.
"""

from __future__ import annotations

import logging
import re

_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "***"),  # JSON web tokens
    (re.compile(r"\bptl_[\w-]+"), "***"),  # our own API tokens
    (re.compile(r"(?i)(\w+://[^\s:/@]*):[^\s@/]+@"), r"\1:***@"),  # passwords in URLs
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S),
        "***",
    ),
)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x1b]")


def redact(text: str) -> str:
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class RedactingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError) as error:
            message = f"{record.msg!r}: its arguments do not fit: {error}"
        record.msg, record.args = redact(message).replace("\n", "\\n"), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True
