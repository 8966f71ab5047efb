"""What the nodes of services did: 3 → 1, because pod x became not ready.

One capped stream a registry, in Redis beside its feed. The publisher hands over what it committed
(`Chronicler`); everything else, from comparing to writing, is done by a thread of its own, one a
process (`Recorder`). Handing over costs the publisher an append: what cannot be kept is dropped and
counted, and the chronicle says so in its place. Moves of one service within a second are one.

The times are those of Redis, and a later move never stands before an earlier one, so that a
chronicle can be read in pages and be merged with others by time.
"""

from registries.chronicle.moves import Change, Kind, Move, What, moves_of
from registries.chronicle.reading import NEWEST, Found, recent, since, walk
from registries.chronicle.recorder import RECORDER, Chronicler, Recorder, erase
from registries.chronicle.words import cause, change_in_words

__all__ = [
    "NEWEST",
    "RECORDER",
    "Change",
    "Chronicler",
    "Found",
    "Kind",
    "Move",
    "Recorder",
    "What",
    "cause",
    "change_in_words",
    "erase",
    "moves_of",
    "recent",
    "since",
    "walk",
]
