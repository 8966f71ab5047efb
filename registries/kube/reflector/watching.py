"""One watch at a time: opened, read line by line, closed by whoever has to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator

from registries.kube.client import Client, Stream
from registries.kube.framing import lines
from registries.kube.slices import Resource

from .lists import Query
from .pulse import Pulse
from .timing import Timing


class Watching:
    def __init__(
        self,
        client: Client,
        *,
        scope: str,
        query: Query,
        stop: threading.Event,
        pulse: Pulse,
        timing: Timing,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._client = client
        self._scope = scope
        self._query = query
        self._stop = stop
        self._pulse = pulse
        self._timing = timing
        self._clock = clock
        self._random = random
        self._stream: Stream | None = None
        self._opened_at: float | None = None
        self.asked_for = 0  # seconds after which the server should end the watch

    @property
    def opened(self) -> bool:
        """Whether a watch was opened since `reset`."""
        return self._opened_at is not None

    @property
    def lived(self) -> float:
        """How long the watch has been open, in seconds; 0 if none was."""
        return self._clock() - self._opened_at if self._opened_at is not None else 0.0

    def reset(self) -> None:
        self._opened_at = None

    def lines(
        self, resource: Resource, at: Query, *, patience: float, at_most: float = float("inf")
    ) -> Generator[bytes]:
        """Open a watch, yield an empty line once it is open, then its lines to a clean end or to
        `stop`. The server is asked to end it after `at_most` seconds. Raises `KubeError`, `Silent`
        if nothing comes for `patience` seconds."""
        low, high = self._timing.watch_for
        self.asked_for = max(1, int(min(low + (high - low) * self._random(), at_most)))
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(self.asked_for),
            **self._query,
            **at,
        }
        self._pulse.enter("opening a watch", within=2 * patience)
        stream = self._client.watch(resource.path(self._scope), query, silence=patience)
        self._stream = stream
        self._opened_at = self._clock()
        if self._stop.is_set():
            stream.close()  # `close` came before there was anything to close
        try:
            # Lines are beats: a server that feeds single bytes is silent all the same.
            self._pulse.enter("watching", within=1.2 * self._timing.silence)
            yield b""
            for line in lines(stream):
                if self._stop.is_set():
                    return
                self._pulse.beat()
                if line:
                    yield line
        finally:
            self._stream = None
            stream.release()

    def be_patient(self, seconds: float) -> None:
        """Change the patience with the open watch; called by the reading thread."""
        if self._stream is not None:
            self._stream.be_patient(seconds)

    def close(self) -> bool:
        """End the open watch at once; called by another thread. Tell whether there was one."""
        stream = self._stream
        if stream is not None:
            stream.close()
        return stream is not None
