"""Lists of what is not in a table of PostgreSQL: rows in memory, as the address wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from console.ui.pages import PER_PAGE

Item = TypeVar("Item")


def sort_of(request: HttpRequest, sorts: Iterable[str], *, default: str) -> str:
    """The sort that the address asks for; an unknown one is the default."""
    asked = request.GET.get("sort", default)
    return asked if asked.removeprefix("-") in sorts else default


class Listed(Generic[Item]):
    """Rows that are sorted already. Templates use it as they use `console.ui.lists.Listing`."""

    def __init__(self, request: HttpRequest, rows: Sequence[Item], *, sort: str) -> None:
        self.rows = rows
        self.sort = sort
        self.page: Page[Item] = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def in_order(
    rows: Iterable[Item], sorts: Mapping[str, Callable[[Item], Any]], sort: str
) -> list[Item]:
    """Rows by one of the sorts; a minus before it turns it round."""
    key = sorts[sort.removeprefix("-")]
    return sorted(rows, key=key, reverse=sort.startswith("-"))
