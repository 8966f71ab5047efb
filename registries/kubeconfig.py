"""What a kubeconfig says of one cluster, taken as data: where it is, its CA, a token.

A kubeconfig can also name programs to run, files to read and proxies to go through. None of that is
done here, nor skipped in silence: each gets a sentence that says what to do instead. Plain text is
all that comes out; numbers, dates and tags of YAML mean nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from cryptography import x509
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from registries.kube import selectors

MOST = 256 * 1024  # characters
_DEPTH = 16
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_SHOWN = 100  # characters of a name
_OMITTED = ("REDACTED", "DATA+OMITTED")  # what kubectl writes unless it is told --raw

_MAKE_A_TOKEN = lazy("Make a service account with a token instead: below is what it takes.")
# Ways to log in that are not a token, and what is to be said of each.
_OTHER_LOGINS = {
    "exec": lazy(
        "The user gets its credentials from a program (exec), and Portolan runs no programs."
    ),
    "auth-provider": lazy(
        "The user logs in by a provider (auth-provider), which takes a program or a browser."
    ),
    "tokenFile": lazy(
        "The token is in a file (tokenFile) of the machine that this kubeconfig comes from. Paste"
        " the token itself, or choose a token file that is on the workers."
    ),
    "client-certificate": lazy(
        "The user logs in with a client certificate (client-certificate), Portolan with a token."
    ),
    "client-key": lazy("The user logs in with a private key (client-key), Portolan with a token."),
    "username": lazy("The user logs in with a name and a password, Portolan with a token."),
    "as": lazy("The user acts as somebody else (as), which Portolan does not do."),
}
_SAME = {
    "client-certificate-data": "client-certificate",
    "client-key-data": "client-key",
    "password": "username",
    "as-uid": "as",
    "as-groups": "as",
    "as-user-extra": "as",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is usable of a kubeconfig. `problems` are sentences; with one of them it is not to be
    saved, but what else was read can be shown. The token does not show in the representation."""

    contexts: tuple[str, ...] = ()
    context: str = ""
    cluster: str = ""
    user: str = ""
    server: str = ""
    ca_bundle: str = ""
    tls_server_name: str = ""
    namespace: str = ""
    token: str = field(default="", repr=False)
    problems: tuple[str, ...] = ()
    context_problem: str = ""

    @property
    def sound(self) -> bool:
        return not self.problems and not self.context_problem


class _Unreadable(Exception):
    """The text is no kubeconfig; says why."""


class _Loader(yaml.BaseLoader):
    """Plain text only, no aliases (they can make a small text huge), no deep nesting."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise _Unreadable(
                _("It uses aliases (*name), which are not followed. Write the values out.")
            )
        self._depth += 1
        if self._depth > _DEPTH:
            raise _Unreadable(_("It is nested too deeply for a kubeconfig."))
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_scalar(self, node: Any) -> Any:
        found = super().construct_scalar(node)
        return None if node.style is None and found in _NULLS else found


def read(text: str, *, context: str = "") -> Reading:
    """Read a kubeconfig; `context` chooses one by name, else it is the current one, or the only
    one. Never raises: what is wrong with it is said."""
    try:
        config = _load(text)
    except _Unreadable as error:
        return Reading(problems=(str(error),))
    contexts = _named(config, "contexts", "context")
    names = tuple(contexts)
    chosen = context or _text(config.get("current-context"))
    if not chosen and len(names) == 1:
        chosen = names[0]
    if not names:
        return Reading(problems=(_("It has no contexts. Is it the whole kubeconfig?"),))
    if not chosen:
        said = _("It has several contexts and none is the current one: choose one.")
        return Reading(contexts=names, context_problem=said)
    if chosen not in contexts:
        said = _("There is no context “%(name)s” in it: choose one that there is.")
        return Reading(contexts=names, context_problem=said % {"name": chosen[:_SHOWN]})
    return _read_context(config, contexts[chosen], chosen, names)


def _read_context(
    config: Mapping[str, Any], context: Mapping[str, Any], name: str, names: tuple[str, ...]
) -> Reading:
    cluster_name, user_name = _text(context.get("cluster")), _text(context.get("user"))
    cluster = _named(config, "clusters", "cluster").get(cluster_name)
    user = _named(config, "users", "user").get(user_name)
    problems = []
    if cluster is None:
        text = _("The context “%(context)s” names the cluster “%(name)s”, which is not in it.")
        problems.append(text % {"context": name[:_SHOWN], "name": cluster_name[:_SHOWN]})
    if user is None:
        text = _("The context “%(context)s” names the user “%(name)s”, who is not in it.")
        problems.append(text % {"context": name[:_SHOWN], "name": user_name[:_SHOWN]})
    namespace = _text(context.get("namespace"))
    if namespace and not selectors.is_namespace(namespace):
        text = _("“%(name)s” is not a namespace name.")
        problems.append(text % {"name": namespace[:_SHOWN]})
        namespace = ""
    cluster_problems = list(_of_cluster(cluster)) if cluster is not None else []
    ca_bundle = _ca_bundle(cluster or {}, cluster_problems)
    user_problems = list(_of_user(user)) if user is not None else []
    token = "" if user_problems or user is None else _text(user.get("token")).strip()
    return Reading(
        contexts=names,
        context=name,
        cluster=cluster_name,
        user=user_name,
        server=_text((cluster or {}).get("server")),
        ca_bundle=ca_bundle,
        tls_server_name=_text((cluster or {}).get("tls-server-name")),
        namespace=namespace,
        token=token,
        problems=(*problems, *cluster_problems, *user_problems),
    )


def _load(text: str) -> Mapping[str, Any]:
    if len(text) > MOST:
        raise _Unreadable(_("It is larger than %(size)s KiB.") % {"size": MOST // 1024})
    if not text.strip():
        raise _Unreadable(_("Paste a kubeconfig here."))
    try:
        loaded = _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is None:
            raise _Unreadable(_("This is not YAML.")) from error
        # Only the place: the words of the error quote what was typed.
        raise _Unreadable(
            _("This is not YAML: see line %(line)s.") % {"line": error.problem_mark.line + 1}
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _Unreadable(_("This is not YAML.")) from error
    if not isinstance(loaded, dict) or not {"clusters", "contexts", "users"} & loaded.keys():
        raise _Unreadable(_("This is no kubeconfig: it has neither clusters nor contexts."))
    return loaded


def _named(config: Mapping[str, Any], plural: str, inner: str) -> dict[str, Mapping[str, Any]]:
    """The entries of a list of the kubeconfig by their names; what has another shape is left out,
    and of two of one name the first counts, as kubectl has it."""
    found: dict[str, Mapping[str, Any]] = {}
    entries = config.get(plural)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and (name := _text(entry.get("name"))):
            body = entry.get(inner)
            found.setdefault(name, body if isinstance(body, dict) else {})
    return found


def _of_cluster(cluster: Mapping[str, Any]) -> Iterator[str]:
    if not _text(cluster.get("server")):
        yield _("The cluster has no server.")
    if cluster.get("proxy-url"):
        yield _(
            "The cluster is reached through a proxy (proxy-url), which Portolan does not use. Give"
            " an address that the workers reach directly."
        )
    if _text(cluster.get("insecure-skip-tls-verify")).lower() in ("true", "yes", "on", "y"):
        yield _(
            "The kubeconfig switches the verification of the server off (insecure-skip-tls-verify)."
            " That is not taken over: give the cluster's CA, or switch “verify TLS” off yourself."
        )
    if cluster.get("certificate-authority"):
        yield _(
            "The CA is in a file (certificate-authority) of the machine that this kubeconfig comes"
            " from. Print it with its data: kubectl config view --raw --flatten --minify"
        )


def _ca_bundle(cluster: Mapping[str, Any], problems: list[str]) -> str:
    encoded = _text(cluster.get("certificate-authority-data"))
    if not encoded:
        return ""
    if encoded in _OMITTED:
        problems.append(
            _("Its CA was left out. Print it whole: kubectl config view --raw --minify")
        )
        return ""
    try:
        pem = base64.b64decode("".join(encoded.split()), validate=True).decode()
        x509.load_pem_x509_certificates(pem.encode())
    except (binascii.Error, ValueError):
        problems.append(_("Its CA (certificate-authority-data) is no base64 of PEM certificates."))
        return ""
    return pem


def _of_user(user: Mapping[str, Any]) -> Iterator[str]:
    said = {_SAME.get(key, key) for key, value in user.items() if value}
    found = [text for key, text in _OTHER_LOGINS.items() if key in said]
    for text in found:
        yield str(text)
    if found:
        yield str(_MAKE_A_TOKEN)
    elif _text(user.get("token")) in _OMITTED:
        yield _("Its token was left out. Print it whole: kubectl config view --raw --minify")
    elif not _text(user.get("token")):
        yield _("The user has no token.") + " " + str(_MAKE_A_TOKEN)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
