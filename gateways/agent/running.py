"""The agent's loop: one shift after the other until it is told to stop."""

from __future__ import annotations

import logging
import socket
import threading
import time

from console import VERSION, redis
from console.contract import keys
from console.redis import RedisError
from gateways import drivers
from gateways.drivers.base import Driver, DriverError, Process, Reader
from gateways.driving.auditor import Auditor
from gateways.driving.ledger import Ledger
from gateways.driving.news import News
from gateways.driving.patience import Pace, Patience
from gateways.driving.reporting import Reporter
from gateways.driving.shift import Shift
from gateways.instances import Instance

from .config import Config, ConfigError
from .lastgood import Keeper, LastGood
from .remembered import Remembered
from .telling import Teller

log = logging.getLogger(__name__)


class Agent:
    """Runs until `stop` is set; with `once`, until the gateway has everything once."""

    def __init__(
        self,
        config: Config,
        *,
        epoch: int,
        stop: threading.Event,
        once: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self._config = config
        self._epoch = epoch
        self._stop = stop
        self._pace = pace or Pace(retry=(0.5, 1.0, 2.0, 5.0, 10.0, 30.0), audit=10.0)
        self._client = redis.connect(config.store_url)
        feed = keys.feed(keys.control_plane(config.control_plane))
        last_good = LastGood(
            config.folder, control_plane=config.control_plane, gateway=config.gateway
        )
        kept = last_good.load()
        if kept is not None:
            log.info("the last good state is of %s, %d states", kept.position, len(kept.states))
        self._source = Remembered(
            self._client, feed, kept=kept, patience=Patience(self._pace), stop=stop
        )
        self._keeper = Keeper(last_good, self._source.look)
        self._ledger = Ledger()
        self._house = _House(stop, once=once)
        self._reporter = Reporter(
            self._client,
            config.gateway,
            by="agent",
            ledger=self._ledger,
            alone=lambda: Process(f"agent-{socket.gethostname()}", socket.gethostname(), VERSION),
            beside=True,
        )

    @property
    def done(self) -> bool:
        """Whether the gateway took everything at least once."""
        return self._house.done

    def run(self) -> None:
        self._keeper.start()
        patience = Patience(self._pace)
        try:
            while self._house.going:
                failed = self._work(patience)
                if failed is not None:
                    self._wait(patience.failed_by(failed), str(failed))
        finally:
            self._keeper.stop(1.0)
            self._client.close()

    def _work(self, patience: Patience) -> DriverError | None:
        shift = None
        try:
            driver = build(self._config)
            with self._auditor() as auditor:
                shift = Shift(
                    driver=driver,
                    source=self._source,
                    house=self._house,
                    auditor=auditor,
                    pace=self._pace,
                )
                shift.run(self._epoch)
        except DriverError as error:
            self._house.failed(error)
            return error
        except RedisError as error:
            found = DriverError(f"Redis is away: {error}", code="house")
            self._house.failed(found)
            return found
        except Exception as error:  # the outermost loop: a driver's fault is said and tried again
            log.exception("the driver is broken")
            return DriverError(f"Its driver is broken: {error!r}", permanent=True)
        finally:
            if shift is not None and shift.applied:
                patience.recovered()
        return None

    def _auditor(self) -> Auditor:
        def reader() -> Reader:
            return drivers.reader(self._config.kind, self._config.settings, self._config.secret)

        return Auditor(
            reader=reader,
            ledger=self._ledger,
            report=self._reporter,
            pace=self._pace,
            tell=Teller(self._client, self._config.gateway),
        )

    def _wait(self, seconds: float, why: str) -> None:
        """Wait, and say meanwhile that the gateway cannot be given anything."""
        end = time.monotonic() + seconds
        while not self._stop.is_set() and (left := end - time.monotonic()) > 0:
            self._reporter.failing(why)
            self._stop.wait(min(left, self._pace.report))


class _House:
    """What a shift needs of an agent: a line in the log for each change of its state."""

    def __init__(self, stop: threading.Event, *, once: bool) -> None:
        self._stop = stop
        self._once = once
        self._said: tuple[str, str] = ("", "")
        self.done = False
        self.changed = False

    @property
    def going(self) -> bool:
        return not self._stop.is_set() and not (self._once and self.done)

    def prove(self) -> None:
        """The lock of its folder lasts as long as the process; who is elsewhere is shut out by the
        epoch."""

    def settled(self) -> None:
        self.done = True

    def tell(self, news: News) -> None:
        if self._news(news.phase, ""):
            log.info(
                "%s: at %s with %d resources, %d refused",
                news.phase.replace("_", " "),
                news.applied or "nothing",
                news.resources,
                len(news.refused),
            )

    def failed(self, error: DriverError) -> None:
        if self._news("failing", str(error)):
            log.warning("failing: %s", error)

    def instances(self) -> list[Instance]:
        return []

    def _news(self, phase: str, text: str) -> bool:
        before, self._said = self._said, (phase, text)
        return before != self._said


def build(config: Config) -> Driver:
    """Raises `DriverError`; and `ConfigError` for a gateway that nobody has to drive."""
    driver = drivers.build(config.kind, config.settings, config.secret)
    if driver.pulled:
        raise ConfigError("A gateway that fetches by itself needs no agent.")
    return driver
