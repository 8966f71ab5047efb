"""What happened, in one line of time: what people changed and what nodes did.

Changes are audit entries (PostgreSQL), moves are the registries' chronicles (Redis). Both are read
newest first, lazily, and merged by their places: every entry has one place that never changes, no
two have the same, and a page begins where the one before ended. So nothing is shown twice or left
out, whatever comes in meanwhile.
"""

from console.timeline.places import Place, parse
from console.timeline.query import Kind, Query, registries_of
from console.timeline.reading import Entry, Page, everything, newer, page

__all__ = [
    "Entry",
    "Kind",
    "Page",
    "Place",
    "Query",
    "everything",
    "newer",
    "page",
    "parse",
    "registries_of",
]
