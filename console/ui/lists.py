"""Lists whose state is their address: sorting, paging, and the same rows as CSV or JSON.

A view gives a `Listing` its rows and the ways to sort them (a `Listed` rows in memory), and asks
`export` first: with ``?format=csv`` or ``?format=json`` the answer is all rows that the filters
leave, as a file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from console.ui.pages import PER_PAGE, paginate

RowType = TypeVar("RowType", bound=Model)
Any_ = TypeVar("Any_")
Item = TypeVar("Item")

# A spreadsheet takes a cell that begins so for a formula, and names may come from a cluster.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column(Generic[Any_]):
    """A column of a file: its heading (also the key in JSON) and how a row fills it."""

    name: str
    value: Callable[[Any_], Any]


class Listing(Generic[RowType]):
    """The rows of a list as its address wants them.

    `sorts` gives each way of sorting its fields; ``?sort=-name`` turns it round. An unknown way is
    the default one. Templates use `page`, and `{% sort_heading listing "name" _("Name") %}`.
    """

    def __init__(
        self,
        request: HttpRequest,
        rows: QuerySet[RowType],
        *,
        sorts: Mapping[str, Sequence[str]],
        default: str,
    ) -> None:
        self.sort = sort_of(request, sorts, default=default)
        self.rows = rows.order_by(*_fields(sorts[self.sort.removeprefix("-")], self.sort))
        self._request = request

    @property
    def page(self) -> Page[RowType]:
        return paginate(self._request, self.rows)


def sort_of(request: HttpRequest, sorts: Iterable[str], *, default: str) -> str:
    """The sort that the address asks for; an unknown one is the default."""
    asked = request.GET.get("sort", default)
    return asked if asked.removeprefix("-") in sorts else default


class Listed(Generic[Item]):
    """Rows in memory that are sorted already. Templates use it as they use `Listing`. `param` is
    the page's name in the address, where a page has several lists."""

    def __init__(
        self,
        request: HttpRequest,
        rows: Sequence[Item],
        *,
        sort: str = "",
        param: str = "page",
        size: int = PER_PAGE,
    ) -> None:
        self.rows = rows
        self.sort = sort
        self.page: Page[Item] = Paginator(rows, size).get_page(request.GET.get(param))


def in_order(
    rows: Iterable[Item], sorts: Mapping[str, Callable[[Item], Any]], sort: str
) -> list[Item]:
    """Rows by one of the sorts; a minus before it turns it round."""
    key = sorts[sort.removeprefix("-")]
    return sorted(rows, key=key, reverse=sort.startswith("-"))


def export(
    request: HttpRequest, rows: Iterable[Any_], columns: Sequence[Column[Any_]], *, name: str
) -> HttpResponseBase | None:
    """The rows as a file if the address asks for one, else nothing. `name` is the file's, without
    its ending."""
    wanted = request.GET.get("format")
    if wanted == "csv":
        answer = StreamingHttpResponse(_csv(rows, columns), content_type="text/csv; charset=utf-8")
    elif wanted == "json":
        answer = StreamingHttpResponse(_json(rows, columns), content_type="application/json")
    else:
        return None
    answer["Content-Disposition"] = f'attachment; filename="{name}.{wanted}"'
    return answer


def _fields(fields: Sequence[str], sort: str) -> list[str]:
    """The fields to order by; the row's key last, so that pages never share a row."""
    if not sort.startswith("-"):
        return [*fields, "pk"]
    turned = [one[1:] if one.startswith("-") else f"-{one}" for one in fields]
    return [*turned, "pk"]


class _Echo:
    """What `csv` writes into: hands each line on."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterable[Any_], columns: Sequence[Column[Any_]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow([column.name for column in columns])
    for row in rows:
        yield writer.writerow([_cell(column.value(row)) for column in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


def _json(rows: Iterable[Any_], columns: Sequence[Column[Any_]]) -> Iterator[str]:
    encoder = DjangoJSONEncoder(ensure_ascii=False)
    lead = "["
    for row in rows:
        yield lead + encoder.encode({column.name: column.value(row) for column in columns})
        lead = ",\n"
    yield "[]" if lead == "[" else "]\n"
