"""What two sides have, side by side: documents of a gateway, and the addresses that it serves.

Pure, and without Django: pages, REST, commands and whoever audits a gateway compare alike.
"""

from .documents import Change, Kind, compare, listed
from .lines import Line, lines
from .serving import Difference, Differing, differences

__all__ = [
    "Change",
    "Difference",
    "Differing",
    "Kind",
    "Line",
    "compare",
    "differences",
    "lines",
    "listed",
]
