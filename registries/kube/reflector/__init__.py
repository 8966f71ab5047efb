"""The list/watch loop: one thread that keeps a sink true to what an API server says.

What it promises
    After a while without failures the sink holds exactly what the API server holds. Per object,
    states arrive in order; states in between may be skipped; there is no order between objects.
    `Sink.replace` is called only with a list that was read to its end; a list that fails, at any
    page and in any way, changes nothing. Nothing is ever removed because something could not be
    read.

How
    `loop` decides what comes next, `lists` reads a list to its end, `gathering` does the same for
    a list that comes as the first events of a watch, `answers` knows the JSON, `pulse` shows to
    another thread that this one is alive, `timing` has all figures.
"""

from .loop import Reflector
from .timing import LIMITS, TIMING, Limits, Timing

__all__ = ["LIMITS", "TIMING", "Limits", "Reflector", "Timing"]
