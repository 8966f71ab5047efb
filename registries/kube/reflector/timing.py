"""How long a reflector waits for what, how often it asks, and how much it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. Tests pass shorter ones; what they mean to each other stays."""

    # The server ends a watch after a random time in this range: that spreads the load, and bounds
    # how long a withdrawn token can go on reading.
    watch_for: tuple[int, int] = (240, 300)
    # Bookmarks come about every minute; a watch that is silent for longer is not trusted. Shorter
    # than `watch_for`, so that it is the client who notices.
    silence: float = 75.0
    # Between two bytes of an answer that is not a watch; servers cut their own off after a minute.
    answer_within: float = 30.0
    # Until the end of a streamed list something comes all the time, unless the server does not
    # know such lists and will never say the end.
    first_silence: float = 15.0
    # A watch that ends sooner counts as a failure, whatever it brought: a server that ends each
    # after one event must not be asked without a pause. client-go's figure.
    short_watch: float = 1.0
    # A watch that lived so long has worked: the next failure counts as the first. client-go waits
    # for two minutes, and then for up to 30 s after the fourth restart of a server in five minutes.
    healthy: float = 10.0
    confirm_after: float = 5.0  # between a doubtful list and the one that confirms it
    soon: float = 60.0  # within which a second 410 is no coincidence
    denials: int = 3  # in a row, after which another resource is tried
    # Between two safety lists. Whatever the watch has missed is wrong for half of it on average;
    # one list an hour is nothing next to the watch.
    check_every: tuple[float, float] = (1_800.0, 3_600.0)
    # After the server was away the next one comes this soon, but not sooner after the last than
    # `check_pause`: a row of restarts must not become a row of lists.
    check_soon: tuple[float, float] = (10.0, 40.0)
    check_pause: float = 300.0
    # A complete list. A continue token lives for five minutes, so a longer one cannot end well.
    list_within: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one list may bring before it is taken for an attack or an accident. A cluster at the
    end of what Kubernetes supports has 10,000 services and 150,000 pods: below 20,000 slices."""

    page: int = 500  # objects; what client-go asks for
    pages: int = 2_000
    objects: int = 200_000
    size: int = 1024 * 1024 * 1024  # bytes, unpacked


TIMING = Timing()
LIMITS = Limits()
