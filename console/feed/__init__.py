"""The feed: how one room tells the next what is true now.

`FeedWriter` commits states behind a fence; `FeedReader` reads them and follows. What both promise
is written in `console.contract`.
"""

from .reader import FeedReader, Followed, Newest, Position, States, follow
from .writer import FeedLost, FeedWriter, Fenced, erase

__all__ = [
    "FeedLost",
    "FeedReader",
    "FeedWriter",
    "Fenced",
    "Followed",
    "Newest",
    "Position",
    "States",
    "erase",
    "follow",
]
