"""Rules that hold for the whole house. Each is named for what would otherwise creep in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from gateways import drivers

ROOT = Path(__file__).parents[1]
ROOMS = ("registries", "applications", "gateways")
PRODUCT = ("console", *ROOMS, "practice")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def all_tests() -> str:
    return "\n".join(
        path.read_text() for path in sources("tests") if path != Path(__file__).resolve()
    )


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def test_no_file_is_too_long_to_read_at_a_sitting() -> None:
    long = {
        name(path): lines
        for path in sources(*PRODUCT, "tests")
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name(path)
        for path in sources(*PRODUCT)
        if "migrations" not in path.parts
        and path.name != "apps.py"
        and path.read_text().strip()
        and ast.get_docstring(ast.parse(path.read_text())) is None
        and not _only_imports(path)
    ]
    assert silent == []


def _only_imports(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return all(isinstance(node, ast.Import | ast.ImportFrom | ast.Assign) for node in body)


def test_every_command_is_tried() -> None:
    text = all_tests()
    commands = {
        path.stem
        for path in sources(*PRODUCT)
        if path.parts[-3:-1] == ("management", "commands") and path.stem != "__init__"
    }
    assert commands
    assert {
        one for one in commands if not re.search(rf"[\"']{one}[\"']|script/{one}\b", text)
    } == set()


def test_every_check_is_tried() -> None:
    ids = {
        found
        for path in sources("console", *ROOMS)
        for found in re.findall(r"id=\"(\w+\.[EWI]\d{3})\"", path.read_text())
    }
    text = all_tests()
    assert len(ids) >= 4
    assert {one for one in ids if one not in text} == set()


def test_redis_keys_are_made_in_one_place() -> None:
    elsewhere = [
        name(path)
        for path in sources(*PRODUCT)
        if name(path) != "console/contract/keys.py"
        and re.search(r"[\"']portolan:", path.read_text())
    ]
    assert elsewhere == []


@pytest.mark.django_db
def test_the_migrations_are_those_of_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize(
    "piece",
    [
        "models",
        "actions",
        "forms",
        "views",
        "urls",
        "admin",
        "api",
        "tasks",
        "standing",
        "metrics",
        "migrations",
    ],
)
def test_every_room_has_the_same_plan(room: str, piece: str) -> None:
    folder = ROOT / room
    assert (folder / f"{piece}.py").exists() != (folder / piece).is_dir(), "one of both"


def test_tests_talk_to_real_things() -> None:
    pretended = [
        name(path)
        for path in sources("tests")
        if path != Path(__file__).resolve()
        and re.search(r"\bmock\.patch|unittest\.mock|MagicMock", path.read_text())
    ]
    assert pretended == []


def test_nothing_is_printed() -> None:
    assert [name(path) for path in sources("console", *ROOMS) if "print" in calls(path)] == []


@pytest.mark.parametrize("kind", drivers.KINDS)
def test_every_kind_of_gateway_has_golden_files_and_refusals(kind: str) -> None:
    from tests.gateways.examples import EXAMPLES, REFUSED

    found = {path.stem for path in (ROOT / "tests/gateways/golden" / kind).iterdir()}
    assert found == EXAMPLES.keys()
    assert kind in REFUSED


def test_every_test_folder_is_a_package_with_its_own_names() -> None:
    folders = {path.parent for path in sources("tests")}
    assert [name(one) for one in sorted(folders) if not (one / "__init__.py").exists()] == []
