"""What a status means, in the words of who reads it: a headline, what to do, and the command for
it where there is one.

A worker says a code and a sentence for people who know Kubernetes (`registries.kube.errors`). That
sentence may hold a server's own text and stays what it is, a detail; these words are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from registries.health import Phase, Status


@dataclass(frozen=True, slots=True)
class Words:
    """`fix` and `command` may be empty; without a headline there is nothing to say."""

    headline: str = ""
    fix: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    headline: Any
    fix: Any
    command: str = ""


_SERVER = "kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'"
_CA = (
    "kubectl config view --raw --minify"
    " -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d"
)
_TOKEN = "kubectl -n portolan create token portolan-discovery --duration=720h"  # noqa: S105
_IDENTITY = "kubectl get namespace kube-system -o jsonpath='{.metadata.uid}'"
_SLICES = "kubectl get endpointslices --all-namespaces"

_BUSY = lazy("Nothing to do: it is asked again by itself, at a growing distance.")
_NOT_AN_API_SERVER = lazy(
    "Check the address: a load balancer, a login page or another program may answer there."
)
_SEE_THE_CONTROL_PLANE = lazy(
    "Look at the cluster's control plane; it is asked again by itself until it answers."
)
_BY_ITSELF = lazy("Nothing to do: it goes on by itself from where it was.")

WORDS: dict[str, _Entry] = {
    # The way there.
    "dns": _Entry(
        lazy("The API server's name leads nowhere"),
        lazy("Check the spelling, and whether the workers can resolve the name."),
        _SERVER,
    ),
    "refused_address": _Entry(
        lazy("The API server's address is not one to connect to"),
        lazy("Give an address at which the workers reach the cluster, not one of themselves."),
        _SERVER,
    ),
    "refused": _Entry(
        lazy("Nobody listens at the API server's address"),
        lazy("Check host and port; if they are right, the API server is down or starting."),
        _SERVER,
    ),
    "timeout": _Entry(
        lazy("The API server does not answer"),
        lazy("Check that no firewall stands between the workers and the cluster."),
    ),
    "cut": _Entry(
        lazy("The connection to the API server broke off"),
        lazy("If it stays so, look at what stands between: a proxy, a load balancer, a tunnel."),
    ),
    "silent": _Entry(lazy("The watch went silent"), _BY_ITSELF),
    # TLS.
    "not_tls": _Entry(
        lazy("What answers at the address does not speak TLS"),
        lazy("Check the port: an API server mostly listens on 6443 or 443."),
        _SERVER,
    ),
    "tls": _Entry(
        lazy("No encrypted connection comes about"),
        lazy("The server and Portolan find no common TLS; 1.2 or newer is needed."),
    ),
    "tls_name": _Entry(
        lazy("The certificate is for another name"),
        lazy("Set the TLS server name to one that the certificate has."),
    ),
    "tls_expired": _Entry(
        lazy("The API server's certificate has expired"),
        lazy("Renew it in the cluster; with kubeadm this command does it."),
        "kubeadm certs renew apiserver",
    ),
    "tls_untrusted": _Entry(
        lazy("The API server's certificate is not signed by the CA that was given"),
        lazy("Give the cluster's CA bundle; this command prints it."),
        _CA,
    ),
    # Who asks.
    "unauthorized": _Entry(
        lazy("The cluster does not accept the token"),
        lazy("It is wrong, expired or revoked: give a new one. This command makes it."),
        _TOKEN,
    ),
    "token_file": _Entry(
        lazy("The token file cannot be read"),
        lazy("Mount it on every worker at the path that the registry names."),
    ),
    "forbidden": _Entry(
        lazy("The token may not read the endpoints"),
        lazy("Let its service account list and watch them."),
        "kubectl auth can-i list endpointslices.discovery.k8s.io --all-namespaces",
    ),
    "other_cluster": _Entry(
        lazy("The address leads to another cluster"),
        lazy(
            "Correct the address, or say that this is the right cluster. This command tells the"
            " identity of the cluster that you mean."
        ),
        _IDENTITY,
    ),
    # What is answered.
    "not_found": _Entry(
        lazy("The API server does not serve what is watched"),
        lazy("Choose another resource, or check that the address has no path too much."),
        "kubectl api-resources --api-group=discovery.k8s.io",
    ),
    "throttled": _Entry(lazy("The API server is busy and asks to wait"), _BUSY),
    "server_error": _Entry(lazy("The API server fails"), _SEE_THE_CONTROL_PLANE),
    "refused_request": _Entry(lazy("The API server does not take the request"), _NOT_AN_API_SERVER),
    "bad_answer": _Entry(
        lazy("What answers is not a Kubernetes API server"), _NOT_AN_API_SERVER, _SERVER
    ),
    "redirected": _Entry(
        lazy("The server sends us elsewhere instead of answering"),
        lazy("Give the address that it leads to, if that is your API server: nothing is followed."),
        _SERVER,
    ),
    "too_much": _Entry(
        lazy("The cluster sends more than one worker takes"),
        lazy("Narrow the scope: name namespaces, or give a label selector."),
    ),
    "expired": _Entry(lazy("The API server has forgotten where the watch was"), _BY_ITSELF),
    "version_too_large": _Entry(
        lazy("The API server is behind what was read before"),
        lazy("It was set back, perhaps restored from a backup. It is read anew by itself."),
    ),
    "mass_deletion": _Entry(
        lazy("The cluster suddenly lists less than half of its endpoints"),
        lazy("It is asked once more before any is removed. See whether the cluster means it."),
        _SLICES,
    ),
    # The workers themselves.
    "internal": _Entry(
        lazy("The worker met something unforeseen"),
        lazy("Its log says what; it tries again by itself."),
    ),
    "quarantined": _Entry(
        lazy("Workers die when they watch this registry"),
        lazy("Look at their last log lines and memory limits; disable the registry meanwhile."),
    ),
}

# The commands that `registries.kube.denials` composes, and nothing that only looks like them: the
# rest of such a text may be a server's.
_GRANT = re.compile(
    r"(?:Namespace [a-z0-9-]{1,63}: )?"
    r"(?:The service account [a-z0-9.:-]{3,320}|The token's account)"
    r" may not [a-z]{1,20} [a-z0-9./]{1,160} in (?:all namespaces|namespace [a-z0-9-]{1,63})"
    r" \(403\)\. Grant it: (kubectl create [A-Za-z0-9 .,:/=&-]{1,900})"
)


def of(status: Status) -> Words:
    """The words of a status; without a headline if all is well. A code that is not known, of a
    worker of another release, gets words that are always true."""
    if not status.reason:
        return Words(_("The registry cannot be read")) if _failing(status) else Words()
    entry = WORDS.get(status.reason)
    if entry is None:
        return Words(_("The registry cannot be read"), _("Test the connection: it names the step."))
    granted = _GRANT.fullmatch(status.text) if status.reason == "forbidden" else None
    return Words(str(entry.headline), str(entry.fix), granted[1] if granted else entry.command)


def headline(reason: str) -> str:
    """What a code means, in short; empty if there is nothing to say of it."""
    entry = WORDS.get(reason)
    return str(entry.headline) if entry else ""


def _failing(status: Status) -> bool:
    return status.phase == Phase.FAILING
