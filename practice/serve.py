"""`practice serve`: runs one cluster in the foreground until SIGTERM or SIGINT, and says what
happens in it.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from datetime import UTC, datetime

from practice.cluster import Cluster, Options
from practice.replicas import NoRoom
from practice.saying import say
from practice.schema import DEPLOYMENTS, ENDPOINTSLICES, PODS, SERVICES, Resource
from practice.side import SideServer
from practice.store import Event
from practice.watches import WatchSettings

TOLD = {DEPLOYMENTS, ENDPOINTSLICES, PODS, SERVICES}


def serve(args: argparse.Namespace) -> int:
    options = Options(
        data=args.data,
        host=args.host,
        port=args.port,
        workload=not args.no_workload,
        replicas=args.replicas,
        target_port=args.target_port,
        drain=args.drain,
        release=args.release,
        watching=WatchSettings(bookmark_every=args.bookmark_every),
    )
    return asyncio.run(_serve(options, side_port=args.side_port))


async def _serve(options: Options, *, side_port: int) -> int:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    cluster = Cluster(options)
    side = SideServer(cluster)
    starting = asyncio.create_task(_start(cluster, side, side_port))
    ending = asyncio.create_task(over.wait())
    await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
    code = 0
    if starting.done() and starting.exception() is not None:
        sys.stderr.write(f"practice: {explain(starting.exception(), options)}\n")
        code = 1
    elif starting.done():
        cluster.store.listeners.append(tell)
        say(f"ready {cluster.url}")
        await ending
    starting.cancel()
    ending.cancel()
    await asyncio.gather(starting, ending, return_exceptions=True)
    await side.stop()
    await cluster.stop()
    return code


async def _start(cluster: Cluster, side: SideServer, side_port: int) -> None:
    await cluster.start()
    await side.start(side_port)


def explain(error: BaseException | None, options: Options) -> str:
    """Turn a failed start into a sentence."""
    if isinstance(error, NoRoom):
        return str(error)
    if isinstance(error, TimeoutError):
        return "the replicas did not become ready in time"
    if isinstance(error, OSError):
        what = f"{options.host}:{options.port}"
        return f"can't listen on {what} ({error.strerror or error}); is it taken? Try --port 0."
    return f"{type(error).__name__}: {error}"


def tell(resource: Resource, event: Event) -> None:
    entry = event.after or event.before
    if resource in TOLD and entry is not None:
        now = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
        say(f"{now} {event.type.lower()} {resource.singular} {entry.key} version {event.rv}")
