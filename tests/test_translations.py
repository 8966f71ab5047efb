"""What people read is translatable, and the catalogues are true to the sources."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError
from django.core.management import CommandError, call_command
from django.utils import translation
from pytest_django.fixtures import Settings

from console.i18n import catalogue, extract
from tests import literals

ROOT = Path(__file__).parents[1]
_PLACEHOLDER = re.compile(r"%\(\w+\)[#0 +-]*[\d.]*[a-z]|%[a-z%]|\{\w*\}")

# What is the same in every language: names, units, commands, and what only joins its parts.
SAME = {
    "API",
    "CA",
    "DNS",
    "TCP",
    "TLS",
    "REST API",
    "appProtocol",
    "ms",
    ", ",
    "{service}: {cause}",
    "“%(name)s”: %(headline)s.",
    "%(phase)s, %(began)s – %(ended)s (%(lasted)s)",
    "redis-cli CONFIG SET notify-keyspace-events Kh",
}

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
FIRST = _("First of " "all")
SECOND = ngettext("%(count)s node", "%(count)s nodes", 2)
THIRD = pgettext("a colour", "Orange")
"""
TEMPLATE = """{% load i18n %}<h1>
      {% translate "Title" %}
  </h1>{% nav "x" _("Entry") %}
    {% blocktranslate trimmed count n=rows asvar text %}
        {{ n }} row
    {% plural %}
        {{ n }} rows
    {% endblocktranslate %}
 <p>{{ value|default:_("none") }}</p>"""


@pytest.fixture
def checkout(tmp_path: Path, settings: Settings) -> Path:
    """A small project with one catalogue."""
    for name, text in {
        "console/words.py": PYTHON,
        "templates/page.html": TEMPLATE,
        "locale/ko/LC_MESSAGES/django.po": 'msgid ""\nmsgstr ""\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    settings.BASE_DIR = tmp_path
    return tmp_path


def messages(*options: str) -> str:
    said = StringIO()
    call_command("messages", *options, stdout=said)
    return said.getvalue()


def korean(base: Path) -> Path:
    return base / "locale/ko/LC_MESSAGES/django.po"


def translate(base: Path, **translations: str) -> None:
    merged = catalogue.read(korean(base))
    for source, text in translations.items():
        merged[source].string = text
    catalogue.write(korean(base), merged)


def test_messages_are_found_in_python_and_in_templates(checkout: Path) -> None:
    found = extract.messages(checkout)
    assert {message.id for message in found if message.id} == {
        "First of all",
        ("%(count)s node", "%(count)s nodes"),
        "Orange",
        "Title",
        "Entry",
        ("%(n)s row", "%(n)s rows"),
        "none",
    }
    assert found.get("Orange", "a colour") is not None
    assert [message.locations for message in found if message.id == "Title"] == [
        [("templates/page.html", 2)]
    ]


def test_merging_twice_changes_nothing_and_names_no_line(checkout: Path) -> None:
    assert messages() == "ko: 7 messages, 7 missing\n"
    first = korean(checkout).read_text()
    assert "#: templates/page.html\n" in first
    assert "nplurals=1" in first
    messages()
    assert korean(checkout).read_text() == first


def test_a_translation_stays_where_its_message_moves_and_is_a_guess_where_that_changes(
    checkout: Path,
) -> None:
    messages()
    translate(checkout, Title="제목", **{"First of all": "무엇보다도"})
    moved = TEMPLATE.replace("<h1>", "<p>One</p>\n<h1>")
    (checkout / "templates/page.html").write_text(moved)
    (checkout / "console/words.py").write_text(PYTHON.replace("First of ", "First of them "))
    assert messages("--list") == (
        "ko: 7 messages, 6 missing\n"
        "  'First of them all' (console/words.py)\n"
        "  ('%(count)s node', '%(count)s nodes') (console/words.py)\n"
        "  'Orange' (console/words.py)\n"
        "  'Entry' (templates/page.html)\n"
        "  ('%(n)s row', '%(n)s rows') (templates/page.html)\n"
        "  'none' (templates/page.html)\n"
    )
    merged = catalogue.read(korean(checkout))
    assert merged["Title"].string == "제목"
    assert merged["First of them all"].fuzzy
    assert merged["First of them all"].string == "무엇보다도"
    with pytest.raises(CommandError, match="6 translations are missing"):
        messages("--check")


def test_only_a_catalogue_that_changed_is_compiled(checkout: Path) -> None:
    messages()
    compiled = korean(checkout).with_suffix(".mo")
    first = compiled.read_bytes()
    assert catalogue.compile_changed(checkout / "locale") == []
    translate(checkout, Title="제목")
    messages("--compile")
    assert compiled.read_bytes() != first
    assert list(compiled.parent.glob("*.mo")) == [compiled]


def test_a_guess_is_not_shown(checkout: Path, settings: Settings) -> None:
    messages()
    merged = catalogue.read(korean(checkout))
    merged["Title"].string = "제목"
    merged["Entry"].string, merged["Entry"].flags = "추측", {"fuzzy"}
    catalogue.write(korean(checkout), merged)
    messages("--compile")
    settings.LOCALE_PATHS = [checkout / "locale"]
    with translation.override("ko"):
        assert translation.gettext("Title") == "제목"
        assert translation.gettext("Entry") == "Entry"


def test_a_broken_catalogue_is_refused(checkout: Path) -> None:
    korean(checkout).write_text("<<<<<<< HEAD\n")
    with pytest.raises(PoFileError):
        messages()


def test_no_template_has_a_text_that_nobody_can_translate() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        # Shown when the console itself is broken: it says everything in both languages.
        if path.name != "500.html"
        for line, text in literals.in_template(path.read_text())
    ]
    assert found == []


def test_no_python_has_a_text_that_nobody_can_translate() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in extract.sources(ROOT)
        if path.suffix == ".py"
        # What fields of the REST API are called stands in its document, which is English.
        for line, text in literals.in_python(path.read_text(), labels="api" not in path.parts)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>\n Plain</p>", [(2, "Plain")]),
        ("{% if x %}\n<b>{{ n }} nodes</b>{% endif %}", [(2, "nodes")]),
        ("<a title='Close it'>{% translate 'x' %}</a>", [(1, "Close it")]),
        ("<input placeholder='/anything'><code>as is</code><b translate='no'>as is</b>", []),
        ("{% blocktranslate %}Some {{ x }}{% endblocktranslate %}<i>Portolan</i>", []),
        ('{% include "a.html" with title="A title" only %}', [(1, "A title")]),
        ('{% include "a.html" with title=_("A title") only %}', []),
    ],
)
def test_a_literal_in_a_template_is_found(template: str, found: list[literals.Found]) -> None:
    assert literals.in_template(template) == found


@pytest.mark.parametrize(
    ("python", "found"),
    [
        ("forms.CharField(label='Name', help_text=_('x'))", ["Name"]),
        ("raise ValidationError('not so')", ["not so"]),
        ("raise ValidationError({'name': [f'taken by {x}']})", ["taken by "]),
        ("done(request, f'{x} saved')", [" saved"]),
        ("_(f'{x} saved')", ["f'{x} saved'"]),
        ("_('%s saved' % x)", ["'%s saved' % x"]),
        ("f\"{x} {_('saved')}\"", ["_('saved')"]),
        ("raise Unsupported(f'no {x}')", ["f'no {x}'"]),
        ("raise Unsupported('no %(x)s', x=x)", []),
        ("class Kind(models.TextChoices):\n    ONE = 'one', 'First'", ["First"]),
        ("done(request, _('saved'))\nValidationError(f'{path}: {text}')", []),
    ],
)
def test_a_literal_in_python_is_found(python: str, found: list[str]) -> None:
    assert [text for _, text in literals.in_python(python)] == found


@pytest.mark.parametrize("path", catalogue.files(ROOT / "locale"), ids=lambda path: path.parts[-3])
def test_a_translation_has_the_placeholders_of_its_message(path: Path) -> None:
    wrong = [
        message.id
        for message in catalogue.read(path)
        if message.id and not message.fuzzy and not _same_holes(message)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", catalogue.files(ROOT / "locale"), ids=lambda path: path.parts[-3])
def test_a_translation_has_as_many_forms_as_its_language(path: Path) -> None:
    translated: Catalog = catalogue.read(path)
    wrong = [
        message.id
        for message in translated
        if isinstance(message.id, tuple) and len(message.string) != translated.num_plurals
    ]
    assert wrong == []


def test_a_function_of_another_name_is_collected_too(tmp_path: Path) -> None:
    folder = tmp_path / "console"
    folder.mkdir()
    (folder / "words.py").write_text(
        "from django.utils.translation import gettext_lazy as lazy\n"
        "from django.utils.translation import ngettext as several\n"
        'lazy("one")\nseveral("%d thing", "%d things", 2)\nlately("no message")\n'
    )
    found = [message.id for message in extract.messages(tmp_path) if message.id]
    assert found == ["one", ("%d thing", "%d things")]


@pytest.mark.parametrize("path", catalogue.files(ROOT / "locale"), ids=lambda path: path.parts[-3])
def test_every_message_is_translated(path: Path) -> None:
    merged = catalogue.read(path)
    catalogue.merge(merged, extract.messages(ROOT))
    assert [message.id for message in catalogue.missing(merged)] == []
    english = {one.id for one in merged if one.id and one.id == one.string} - SAME
    assert english == set()


def _same_holes(message: Message) -> bool:
    """Every form has the placeholders of the plural, in any order; none if it is not there yet."""
    source = message.id[-1] if isinstance(message.id, tuple) else message.id
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    wanted = sorted(_PLACEHOLDER.findall(source))
    return all(sorted(_PLACEHOLDER.findall(one)) == wanted for one in said if one)
