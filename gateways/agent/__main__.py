"""``python -m gateways.agent [--config FILE] [--check | --once]``."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from console.redaction import RedactingFilter
from gateways.drivers.base import DriverError

from .alone import Place
from .checking import check
from .config import PREFIX, Config, ConfigError, load
from .running import Agent, build

log = logging.getLogger("gateways.agent")

_STOPPING = 1.5  # seconds; a gateway that does not answer does not hold up an end
_ONCE = 60.0  # seconds until a gateway must have everything


class _Exactly(logging.Filter):
    """Takes this agent's own secrets out of every line, whatever quoted them."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._without(record.getMessage()), None
        if record.exc_text:
            record.exc_text = self._without(record.exc_text)
        return True

    def _without(self, text: str) -> str:
        for one in self._secrets:
            text = text.replace(one, "***")
        return text


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m gateways.agent", description=__doc__)
    default = os.environ.get(f"{PREFIX}CONFIG")
    parser.add_argument("--config", type=Path, default=Path(default) if default else None)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--check", action="store_true", help="say whether it can work, and end")
    only.add_argument("--once", action="store_true", help="give everything once, and end")
    options = parser.parse_args(arguments)
    try:
        config = load(options.config)
        _log(config)
        os.environ["GATEWAYS_FILE_FOLDERS"] = " ".join(config.file_folders)
        place = Place(config.folder, config.gateway)
        try:
            if options.check:
                return _check(config)
            build(config)
            return _run(config, place, once=options.once)
        finally:
            place.close()
    except (ConfigError, DriverError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run(config: Config, place: Place, *, once: bool) -> int:
    stop = threading.Event()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    agent = Agent(config, epoch=place.next_epoch(), stop=stop, once=once)

    def drive() -> None:
        try:
            agent.run()
        finally:
            ended.set()

    thread = threading.Thread(target=drive, name="driver", daemon=True)
    log.info("drives the gateway %s, a %s", config.gateway, config.kind)
    thread.start()
    waited = 0.0
    while not stop.is_set() and not ended.wait(0.1):
        waited += 0.1
        if once and waited > _ONCE:
            stop.set()
    broken = not stop.is_set() and not once
    stop.set()
    thread.join(_STOPPING)
    log.info("ends")
    return 1 if broken or (once and not agent.done) else 0


def _check(config: Config) -> int:
    well = True
    for ok, text in check(config):
        well = well and ok
        for one in config.unspeakable:
            text = text.replace(one, "***")
        sys.stdout.write(f"{'ok' if ok else 'NOT OK'}: {text}\n")
    return 0 if well else 1


def _log(config: Config) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(RedactingFilter())
    handler.addFilter(_Exactly(config.unspeakable))
    level = config.log_level.upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigError(f"log_level is none: {config.log_level!r}")
    logging.basicConfig(level=level, handlers=[handler])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
