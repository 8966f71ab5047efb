"""Take the pictures of docs/screenshots.

    script/screenshots                 a house of its own, filled with what looks like real life
    script/screenshots --url http://127.0.0.1:8000 --password …    of a console that runs already

A running console is only looked at: its first registry, application, API and gateway are shown.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

BASE = Path(__file__).resolve().parents[1]


def main() -> None:
    options = argparse.ArgumentParser(
        prog="script/screenshots",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--url", help="of a console that runs already")
    options.add_argument("--user", default="admin")
    options.add_argument("--password", default=os.environ.get("ADMIN_PASSWORD", ""))
    options.add_argument("--token", help="of the REST API, with --url")
    options.add_argument("--into", type=Path, default=BASE / "docs/screenshots")
    chosen = options.parse_args()
    if chosen.url and not (chosen.password and chosen.token):
        options.error("--url needs --password and --token (manage.py createtoken)")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    with ExitStack() as stack:
        if not chosen.url:
            # Addresses of views are all that is asked of the settings here.
            var = stack.enter_context(tempfile.TemporaryDirectory(prefix="screens-"))
            os.environ["PORTOLAN_VAR"] = var
        import django

        django.setup()
        from screens import camera, houses

        house = houses.there(chosen) if chosen.url else stack.enter_context(houses.own())
        with camera.browser() as chromium:
            session = camera.log_in(chromium, house.url, house.user, house.password)
            taken = camera.take(chromium, house.url, session, house.places, chosen.into)
    large = [path for path in taken if path.stat().st_size > camera.LARGEST]
    for path in taken:
        mark = "  too large" if path in large else ""
        sys.stdout.write(f"{path.stat().st_size / 1024:6.0f} KiB  {path}{mark}\n")
    if large:
        raise SystemExit(f"{len(large)} pictures are larger than {camera.LARGEST // 1000} kB.")


if __name__ == "__main__":
    main()
