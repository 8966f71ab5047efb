"""Trying an APISIX, step by step: connection → key → mode → writing → Control API.

The first failure ends it, for what follows could only fail by it. What is reported as permitted was
done: a route is tried without being stored, or an object of the check's own is written and deleted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

from gateways.drivers.base import BadSetting, DriverError, Finding, gettext_noop
from gateways.drivers.folders import permitted_file

from . import listing, names, standalone
from .admin import Api, version
from .settings import ADMIN, FILE, Settings
from .trial import VALIDATE

_TIMEOUT = 5.0  # seconds
_ROUTE = {"id": "portolan-check", "uri": "/portolan-check", "upstream_id": "portolan-check"}


def check(settings: Settings, secret: str) -> list[Finding]:
    """Never raises for what a network or a server does."""
    if settings.mode == FILE:
        return [*_file(settings), *_control(settings)]
    api = Api(settings.admin_url, secret, timeout=_TIMEOUT)
    try:
        found = list(_admin(api, settings))
    finally:
        api.close()
    if all(one.ok for one in found):
        found += _control(settings)
    return found


def _admin(api: Api, settings: Settings) -> Iterator[Finding]:
    where = {"place": api.place}
    try:
        # Either asks for the key, and its answer tells nothing else yet.
        api.ask("GET", f"{listing.ROOT}/plugins/list")
        api.ask("GET", standalone.CONFIGS)
    except DriverError as error:
        yield _unanswered(error, api)
        return
    number = version(api.server)
    yield Finding(
        "connection", True, gettext_noop("An Admin API answers at %(place)s."), params=where
    )
    try:
        yield _mode(api, settings)
    except DriverError as error:
        yield _failed_mode(error, settings, api)
        return
    if number and number.startswith("2.") != (settings.release == "2.15"):
        yield Finding(
            "release",
            False,
            gettext_noop("It is APISIX %(release)s."),
            gettext_noop("Set the release to 2.15 for all before 3, else to 3."),
            setting="release",
            params={"release": number},
        )
        return
    yield _writing(api, settings)


def _mode(api: Api, settings: Settings) -> Finding:
    if settings.mode == ADMIN:
        listing.one(api, "routes/-")
        return Finding("mode", True, gettext_noop("It keeps its configuration in etcd."))
    standalone.read(api)
    return Finding("mode", True, gettext_noop("It keeps its configuration in memory."))


def _writing(api: Api, settings: Settings) -> Finding:
    try:
        if settings.mode == ADMIN:
            refused = _write_own(api, settings)
        else:
            answer = api.ask("POST", VALIDATE, {"routes": [_ROUTE]})
            refused = "" if answer.status in (200, 404) else answer.word
    except DriverError as error:
        refused = str(error)
    if not refused:
        return Finding("writing", True, gettext_noop("It takes what it is given."))
    return Finding(
        "writing",
        False,
        gettext_noop("It does not take what it is given."),
        gettext_noop("The key needs the role admin, and APISIX its etcd."),
        detail=refused,
        setting="secret",
    )


def _write_own(api: Api, settings: Settings) -> str:
    """Write and delete an upstream without nodes that nothing uses. Its label is another one than
    that of what we drive with, so that a driver never takes it for its own."""
    name = names.upstream(settings.id_prefix, f"check-{secrets.token_hex(4)}")
    # It expires by itself if this is killed in between.
    answer = api.ask(
        "PUT",
        f"{listing.ROOT}/{name}?ttl=60",
        {"type": "roundrobin", "nodes": [], "labels": {names.LABEL: "portolan-check"}},
    )
    if answer.status not in (200, 201):
        return answer.word
    answer = api.ask("DELETE", f"{listing.ROOT}/{name}")
    return "" if answer.status in (200, 404) else answer.word


def _unanswered(error: DriverError, api: Api) -> Finding:
    if error.code == "unauthorized":
        return Finding(
            "key",
            False,
            gettext_noop("The Admin API at %(place)s refuses the key."),
            gettext_noop(
                "Give the secret as in deployment.admin.admin_key, and let allow_admin name our"
                " address."
            ),
            detail=str(error),
            setting="secret",
            params={"place": api.place},
        )
    return Finding(
        "connection",
        False,
        gettext_noop("APISIX at %(place)s does not answer."),
        gettext_noop("Check host and port, and that the workers' network reaches it."),
        detail=str(error),
        setting="admin_url",
        params={"place": api.place},
    )


def _failed_mode(error: DriverError, settings: Settings, api: Api) -> Finding:
    if error.code == "unauthorized":
        return _unanswered(error, api)
    return Finding(
        "mode",
        False,
        gettext_noop("There is no Admin API of mode %(mode)s."),
        gettext_noop(
            "admin is an APISIX with config_provider etcd, standalone one with config_provider yaml"
            " whose Admin API is on."
        ),
        detail=str(error),
        setting="mode" if error.permanent else "admin_url",
        params={"mode": settings.mode},
    )


def _file(settings: Settings) -> Iterator[Finding]:
    try:
        path = permitted_file(settings.file)
    except BadSetting as error:
        yield Finding("file", False, error.text, setting="file", params=error.params)
        return
    name = {"folder": str(path.parent)}
    trial = Path(path.parent) / f".portolan-check-{secrets.token_hex(4)}"
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        yield Finding(
            "file",
            False,
            gettext_noop("Nothing can be written to %(folder)s."),
            gettext_noop("Let the driver's user write there: files are put in place by renaming."),
            detail=error.strerror or str(error),
            setting="file",
            params=name,
        )
        return
    yield Finding("file", True, gettext_noop("Files can be written to %(folder)s."), params=name)


def _control(settings: Settings) -> Iterator[Finding]:
    if not settings.control_url:
        return
    api = Api(settings.control_url, timeout=_TIMEOUT)
    where = {"place": api.place}
    try:
        answer = api.ask("GET", "/v1/upstreams")
        detail = "" if answer.status == 200 else answer.word
    except DriverError as error:
        detail = str(error)
    finally:
        api.close()
    if not detail:
        yield Finding(
            "control",
            True,
            gettext_noop("The Control API at %(place)s tells what is used."),
            params=where,
        )
        return
    yield Finding(
        "control",
        False,
        gettext_noop("There is no Control API at %(place)s."),
        gettext_noop("Set apisix.enable_control and apisix.control in APISIX's config.yaml."),
        detail=detail,
        setting="control_url",
        params=where,
    )
