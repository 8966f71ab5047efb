"""Finds texts that no translator would ever see: written plainly into templates and Python.

What a person reads as it is in every language is marked so: by the elements for code, by
`translate="no"`, or, for a name, in `NAMES`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

# Names of products, formats, protocols and units.
_NAMES = """
API APIs APISIX CA CORS CPU CSV DNS Django Endpoints EndpointSlice Envoy HTTP HTTPS IP JSON
Kubernetes OpenAPI Portolan PostgreSQL Python RBAC REST Redis SHA TCP TLS Traefik URL Valkey
WebSocket YAML curl kubeconfig kubectl min ms
"""
NAMES = frozenset(_NAMES.split())
# A path, an address, a command to type, or the name of a header or plugin.
_TECHNICAL = re.compile(r"^(/|https?://|curl |kubectl |apiVersion: |[\w.]+(-[\w.]+)+$)")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_SPOKEN = frozenset({"title", "placeholder", "aria-label", "aria-description", "alt", "label"})
_SPOKEN_DATA = frozenset({"data-confirm", "data-text", "data-label", "data-title", "data-prompt"})
_CODE = frozenset({"code", "kbd", "pre", "samp", "script", "style", "svg"})
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
# {% include "…" with title="Plain" %}, {% field form.name label="Plain" %}
_ARGUMENT = re.compile(
    r"""\b(?:title|text|label|help|action|prompt|placeholder|hint|heading|empty|caption)"""
    r"""=(?:"([^"]*)"|'([^']*)')"""
)
_NOT_SHOWN = ("blocktranslate", "blocktrans", "comment")

Found = tuple[int, str]


def in_template(text: str) -> list[Found]:
    """Line and text of every visible literal outside Django's translation tags."""
    tokens = list(_outside_translations(text))
    parser = _Parser()
    parser.feed("".join(part for part, _ in tokens))
    parser.close()
    for line, token in ((line, token) for _, (line, token) in tokens if token):
        for found in _ARGUMENT.finditer(token):
            said = found.group(1) or found.group(2) or ""
            if is_prose(said) and (" " in said or said[0].isupper()):
                parser.found.append((line, said))
    return sorted(parser.found)


def in_python(text: str, *, labels: bool = True) -> list[Found]:
    """Line and text of every literal that is handed to an error, a badge, a message or, with
    `labels`, to a form or a model, and of every message that is put together before it is looked
    up."""
    keywords = _KEYWORDS if labels else frozenset()
    tree = ast.parse(text)
    return sorted(found for node in ast.walk(tree) for found in _literals(node, keywords))


def is_prose(text: str) -> bool:
    """Whether words are left after the names."""
    return not _TECHNICAL.match(text) and any(word not in NAMES for word in _LETTERS.findall(text))


def _outside_translations(text: str) -> Iterator[tuple[str, tuple[int, str]]]:
    """The template's own HTML piece by piece, and with what was a tag its line and words. Lines
    keep their numbers."""
    inside = ""
    for token in Lexer(text).tokenize():
        source = token.contents  # of a tag without its braces, which have no line of their own
        word, *rest = token.contents.split() or [""]
        if inside:
            if token.token_type is TokenType.BLOCK and word == inside:
                inside = ""
            yield "\n" * source.count("\n"), (0, "")
        elif token.token_type is TokenType.TEXT:
            yield source, (0, "")
        else:
            if token.token_type is TokenType.BLOCK and word in _NOT_SHOWN:
                inside = f"end{word}"
            elif word == "block" and rest[0].endswith("_class"):
                inside = "endblock"
            tag = token.contents if token.token_type is TokenType.BLOCK else ""
            translating = word in ("translate", "trans", "blocktranslate", "blocktrans")
            yield "\n" * source.count("\n"), (token.lineno or 0, "" if translating else tag)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Found] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        exempt = tag in _CODE or given.get("translate") == "no" or self._exempt
        line = self.getpos()[0]
        for name, value in attrs:
            spoken = name in _SPOKEN | _SPOKEN_DATA
            if spoken and value and is_prose(value) and given.get("translate") != "no":
                self.found.append((line, value))
        if tag not in _VOID:
            self._open.append((tag, exempt))

    def handle_endtag(self, tag: str) -> None:
        # Branches of {% if %} may open twice what is closed once.
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if self._exempt or not is_prose(data):
            return
        lead = data[: len(data) - len(data.lstrip())].count("\n")
        self.found.append((self.getpos()[0] + lead, " ".join(data.split())))

    @property
    def _exempt(self) -> bool:
        return bool(self._open) and self._open[-1][1]


# Calls whose argument of this number is a person's text.
_CALLS = {"ValidationError": 0, "Badge": 0, "done": 1, "success": 1, "error": 1, "warning": 1}
_MESSAGES = frozenset({"success", "error", "warning"})  # of django.contrib.messages only
_KEYWORDS = frozenset({"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label"})
# Lookups, and how many of their arguments are looked up.
_LOOKUPS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
_LOOKUPS |= {"pgettext": 2, "pgettext_lazy": 2, "gettext_noop": 1, "Unsupported": 1}


def _literals(node: ast.AST, keywords: frozenset[str]) -> Iterator[Found]:
    if isinstance(node, ast.ClassDef) and any(_name(one) == "TextChoices" for one in node.bases):
        yield from _choices(node)
    if isinstance(node, ast.Assign) and any(_name(one) in keywords for one in node.targets):
        yield from _plain(node.value)
    if isinstance(node, ast.JoinedStr):
        yield from _uncollected(node)
    if not isinstance(node, ast.Call):
        return
    name = _name(node.func)
    if name in _LOOKUPS:
        for argument in node.args[: _LOOKUPS[name]]:
            if isinstance(argument, ast.JoinedStr | ast.BinOp):
                yield argument.lineno, ast.unparse(argument)
        return
    of_messages = isinstance(node.func, ast.Attribute) and _name(node.func.value) == "messages"
    place = _CALLS.get(name)
    if place is not None and (of_messages or name not in _MESSAGES):
        yield from _plain(*node.args[place : place + 1])
    for keyword in node.keywords:
        if keyword.arg in keywords:
            yield from _plain(keyword.value)


def _uncollected(node: ast.JoinedStr) -> Iterator[Found]:
    """Lookups inside of an f-string, which Babel takes for one text."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and _name(one.func) in _LOOKUPS:
            yield one.lineno, ast.unparse(one)


def _choices(node: ast.ClassDef) -> Iterator[Found]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
            yield from _plain(line.value.elts[-1])


def _plain(*values: ast.expr) -> Iterator[Found]:
    """The prose among values that may be texts, and lists and dictionaries of such."""
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            if is_prose(value.value):
                yield value.lineno, value.value
        elif isinstance(value, ast.JoinedStr):
            yield from _plain(*value.values)
        elif isinstance(value, ast.List | ast.Tuple):
            yield from _plain(*value.elts)
        elif isinstance(value, ast.Dict):
            yield from _plain(*value.values)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
