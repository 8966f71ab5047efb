"""The API server that the suite speaks to: a practice cluster, or the one of a kubeconfig.

`KUBECONFIG=path script/test --conformance` sets `CONFORMANCE_KUBECONFIG`; KUBECONFIG itself is not
read here, so that a plain test run never touches the cluster of the person who starts it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from practice.testing import PracticeCluster
from tests.conformance import kubeconfig
from tests.conformance.api import Api, close_all, path
from tests.conformance.kubeconfig import Login
from tests.conformance.space import Space


@dataclass(frozen=True)
class Target:
    """The server under test. `practice` names the one difference that is wanted: loopback."""

    login: Login
    minor: int
    practice: bool

    @property
    def moment(self) -> int:
        """How long a watch must be, in seconds, for a bookmark to come: the last one comes about
        two seconds before the end. The practice cluster's comes later.
        """
        return 1 if self.practice else 4


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    given = os.environ.get("CONFORMANCE_KUBECONFIG", "")
    with contextlib.ExitStack() as stack:
        file = given or stack.enter_context(PracticeCluster()).kubeconfig
        login = kubeconfig.read(Path(file))
        version = Api(login).get("/version").json
        yield Target(login, int(version["minor"].rstrip("+")), practice=not given)
        close_all()


@pytest.fixture(scope="session")
def admin(target: Target) -> Api:
    return Api(target.login)


@pytest.fixture(scope="session")
def _namespace(admin: Api) -> Iterator[str]:
    name = f"portolan-conformance-{secrets.token_hex(3)}"
    made = admin.post(path("namespaces"), {"metadata": {"name": name}})
    assert made.status == 201, made.raw
    yield name
    assert admin.delete(path("namespaces", "", name)).status == 200


@pytest.fixture
def space(admin: Api, _namespace: str) -> Iterator[Space]:
    space = Space(admin, _namespace)
    yield space
    space.clean()


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture(scope="session")
def expired(admin: Api) -> str:
    """A version that is too old to watch from. The first one is, once a server has restarted or has
    seen more than its memory holds.
    """
    watch = admin.watch(path("endpointslices"), resourceVersion="1", timeoutSeconds=1)
    if b'"code":410' not in watch.response.readline():
        pytest.skip("this server is so young that it still can watch from its first version")
    return "1"


@pytest.fixture(scope="session")
def compacted(admin: Api) -> str:
    """A version that the server has forgotten. The first is, some minutes after a first start."""
    answer = admin.get(path("endpointslices"), resourceVersion="1", resourceVersionMatch="Exact")
    if answer.status == 200:
        pytest.skip("this server is so young that it still has its first version")
    return "1"
