"""A person's regular expression in the dialect of Envoy's engine (RE2). Pure.

Two things differ from what the contract says of an expression. Envoy compares a whole text, the
contract searches in it. And RE2 knows less: one expression that it cannot read would make Envoy
refuse every route. So an expression is read here, sign by sign, and written anew from what both
know; what is not known raises `Unsupported`.

Written anew it can also be kept within one part of a larger text, the value of a query parameter
must not reach into the next one, and take signs as they are coded there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .errors import Unsupported

_CLASSES = "dwsDWS"
_PLAIN = re.compile(r"[A-Za-z0-9_ !\"#%&',/:;<=>@`~-]")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_MOST_REPEATS = 1000  # RE2 refuses more
_GROUP = re.compile(r"\((?:\?(?::|i:|P<\w+>))?")
_REPEAT = re.compile(r"(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??")


def searched(pattern: str, *, within: str = "", coded: bool = False) -> str:
    """What fits a whole text in which `pattern` is found. `within`: signs that end the text and
    that nothing in it may be. `coded`: the text is of a query, a space is ``+`` or ``%20``. A sign
    that a range or an excluding class stands for is looked for as it is. Raises `Unsupported`."""
    ignoring = "(?i:" if pattern.startswith("(?i)") else "(?:"
    reader = _Reader(pattern.removeprefix("(?i)"), within, coded)
    branches = [_anywhere(branch, reader.any) for branch in reader.branches()]
    return f"{ignoring}{'|'.join(branches)})"


def literal(text: str) -> str:
    return "".join(sign if _PLAIN.fullmatch(sign) else _escaped(sign) for sign in text)


def _anywhere(branch: list[str], sign: str) -> str:
    """A branch of the outermost level with whatever signs may stand beside it."""
    left = right = f"{sign}*"
    if branch and branch[0] == "^":
        left, branch = "", branch[1:]
    if branch and branch[-1] == "$":
        right, branch = "", branch[:-1]
    if sign != "." and ("^" in branch or "$" in branch):
        raise Unsupported("“^” and “$” can only stand at the ends of an expression here.")
    return left + "".join(branch) + right


def _escaped(sign: str) -> str:
    if ord(sign) > 126 or ord(sign) < 32:
        return f"\\x{{{ord(sign):x}}}"
    return f"\\{sign}"


class _Reader:
    """Reads one expression from the left to the right."""

    def __init__(self, pattern: str, within: str, coded: bool) -> None:
        self._text = pattern
        self._at = 0
        self._within = within
        self._depth = 0
        self._coded = coded
        self.any = self._excluding("") if within else "."

    def branches(self) -> list[list[str]]:
        """The alternatives up to the end, or to the bracket that closes the group."""
        found: list[list[str]] = [[]]
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._text[self._at] == "|":
                self._at += 1
                found.append([])
            else:
                found[-1].append(self._piece())
        if self._at < len(self._text) and not self._depth:
            raise Unsupported("An expression has a bracket too many.")
        return found

    def _piece(self) -> str:
        """An atom with its repetition."""
        atom = self._atom()
        repeat = _REPEAT.match(self._text, self._at)
        if repeat is None:
            if self._text[self._at : self._at + 1] in ("{", "*", "+", "?"):
                raise self._unknown()
            return atom
        if atom in ("^", "$", "\\b", "\\B"):
            raise self._unknown()
        if any(int(bound) > _MOST_REPEATS for bound in repeat.groups() if bound):
            raise Unsupported("An expression repeats more than %(most)s times.", most=_MOST_REPEATS)
        self._at = repeat.end()
        if self._text[self._at : self._at + 1] in ("*", "+", "?", "{"):
            raise self._unknown()
        return atom + repeat.group()

    def _atom(self) -> str:
        sign = self._text[self._at]
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._class()
        if sign in "*+?{":
            raise self._unknown()
        self._at += 1
        if sign in "^$":
            return sign
        if sign == ".":
            return self.any
        if sign == "\\":
            return self._escape()
        return self._literal(sign)

    def _group(self) -> str:
        opened = _GROUP.match(self._text, self._at)
        start = self._at + len(opened.group()) if opened else 0
        if opened is None or self._text[start : start + 1] == "?":
            raise self._unknown()
        self._at = start
        self._depth += 1
        inner = "|".join("".join(branch) for branch in self.branches())
        if self._within and re.search(r"(?<![\\\[])[\^$]", inner):
            raise Unsupported("“^” and “$” can only stand at the ends of an expression here.")
        if self._text[self._at : self._at + 1] != ")":
            raise Unsupported("An expression has a bracket that does not close.")
        self._at += 1
        self._depth -= 1
        return f"(?i:{inner})" if opened.group() == "(?i:" else f"(?:{inner})"

    def _escape(self) -> str:
        sign = self._text[self._at : self._at + 1]
        self._at += 1
        if sign in tuple(_CLASSES):
            if not self._within or sign.islower():
                return f"\\{sign}"
            return self._excluding(f"\\{sign.lower()}")
        if sign in ("b", "B"):
            return f"\\{sign}"
        return self._literal(self._sign(sign))

    def _sign(self, sign: str) -> str:
        """What a backslash and this sign stand for."""
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign and not sign.isalnum():
            return sign
        raise self._unknown()

    def _class(self) -> str:
        self._at += 1
        negated = self._text[self._at : self._at + 1] == "^"
        self._at += negated
        parts: list[str] = []
        while self._at < len(self._text) and (self._text[self._at] != "]" or not parts):
            parts.append(self._range(negated))
        if self._at >= len(self._text):
            raise Unsupported("An expression has a bracket that does not close.")
        self._at += 1
        if negated:
            return self._excluding("".join(parts))
        return f"[{''.join(parts)}]"

    def _range(self, negated: bool) -> str:
        first = self._member()
        if len(first) == 2 and first[0] == "\\" and first[1] in _CLASSES:
            if self._within and first[1].isupper():
                raise self._unknown()
            return first
        text = self._text
        if text[self._at : self._at + 1] != "-" or text[self._at + 1 : self._at + 2] == "]":
            if not negated:
                self._permit(first)
            return _member(first)
        self._at += 1
        last = self._member()
        if len(last) != 1 or last < first:
            raise self._unknown()
        if not negated:
            for sign in self._within:
                if first <= sign <= last:
                    self._permit(sign)
        return f"{_member(first)}-{_member(last)}"

    def _member(self) -> str:
        if self._at >= len(self._text):
            raise Unsupported("An expression has a bracket that does not close.")
        sign = self._text[self._at]
        self._at += 1
        if sign == "[" and self._text[self._at : self._at + 1] in (":", ".", "="):
            raise self._unknown()
        if sign != "\\":
            return sign
        sign = self._text[self._at : self._at + 1]
        self._at += 1
        return f"\\{sign}" if sign in tuple(_CLASSES) else self._sign(sign)

    def _literal(self, sign: str) -> str:
        if self._coded:
            return f"(?:{''.join(encoded(sign))})"
        self._permit(sign)
        return literal(sign)

    def _excluding(self, signs: str) -> str:
        """Any sign but these, as a class has them, and but those that end the text."""
        if not self._coded:
            return f"[^{signs}{literal(self._within)}]"
        return f"(?:[^{signs}{literal(self._within)}%]|%[0-9A-Fa-f]{{2}})"

    def _permit(self, sign: str) -> None:
        if sign in self._within:
            raise Unsupported("An expression cannot ask for “%(sign)s” here.", sign=sign)

    def _unknown(self) -> Unsupported:
        near = self._text[max(0, self._at - 1) : self._at + 6]
        return Unsupported("Envoy's expressions do not know what stands at “%(near)s”.", near=near)


def _member(sign: str) -> str:
    """One sign between the brackets of a class."""
    return sign if sign.isalnum() and sign.isascii() else _escaped(sign)


def encoded(text: str) -> Iterator[str]:
    """What fits the text in a query, however its signs are encoded there."""
    for byte in text.encode():
        code = "".join(f"[{one}{one.lower()}]" if one.isalpha() else one for one in f"{byte:02X}")
        plain = {0x20: r"\+"}.get(byte, literal(chr(byte)) if 32 < byte < 127 else "")
        if chr(byte) in "&+#%":
            plain = ""
        yield f"(?:{plain}|%{code})" if plain else f"%{code}"
