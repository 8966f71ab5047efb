"""Every object through its whole life: created, read, listed, changed, deleted, and audited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from console.models import AuditEntry
from tests import factories

V1 = "/api/v1"


@dataclass(frozen=True)
class Life:
    path: str
    create: dict[str, Any]
    replace: dict[str, Any]
    patch: dict[str, Any]
    type: str


MEMBERS = [{"kind": "static", "host": "10.0.0.1", "port": 80}]
LIVES = {
    "control plane": Life(
        "/control-planes/",
        {"name": "Second", "slug": "second"},
        {"name": "Third", "slug": "third", "description": "for tests"},
        {"description": "for nobody"},
        "controlplane",
    ),
    "registry": Life(
        "/registries/",
        {"name": "c1", "server": "https://10.0.0.1:6443", "token": "abc", "verify": False},
        {
            "name": "c2",
            "server": "https://10.0.0.2",
            "token": "abd",
            "namespaces": ["shop"],
            "namespace_operator": "match",
            "namespace_patterns": ["shop-.*"],
            "verify": False,
        },
        {"label_selector": "team=shop", "verify": False},
        "registry",
    ),
    "application": Life(
        "/applications/",
        {"name": "shop", "hosts": ["shop.example.org"], "upstream": {"members": MEMBERS}},
        {
            "name": "store",
            "hosts": ["store.example.org"],
            "labels": ["team=shop"],
            "plugins": {"cors": {}},
            "upstream": {"members": MEMBERS, "retries": 2},
        },
        {"path_prefix": "/v1"},
        "application",
    ),
    "gateway": Life(
        "/gateways/",
        {
            "name": "edge",
            "settings": {"redis_url": "redis://127.0.0.1:6379/2"},
            "secret": "xyz",
        },
        {"name": "rim", "enabled": False},
        {"description": "at the rim"},
        "gateway",
    ),
    "upstream": Life(
        "/applications/{application}/upstreams/",
        {"version": "v2", "members": MEMBERS},
        {
            "version": "v3",
            "balance": "consistent_hash",
            "hash_key": "uri",
            "members": [{"kind": "static", "host": "a.example.org", "port": 443, "weight": 0}],
        },
        {"read_timeout": 1000},
        "upstream",
    ),
    "API": Life(
        "/applications/{application}/apis/",
        {"name": "anything", "paths": [{"path": "/anything", "type": "prefix"}]},
        {
            "name": "everything",
            "methods": ["GET", "POST"],
            "paths": [{"path": "/a", "type": "exact"}, {"path": "/b", "type": "prefix"}],
            "expressions": [
                {"subject": "header", "name": "X-Env", "operator": "equal", "value": "test"}
            ],
        },
        {"strip_path_prefix": True},
        "api",
    ),
}
_HIDDEN = {"token", "secret", "verify"}


@pytest.fixture(params=LIVES.values(), ids=LIVES.keys())
def life(request, plane):
    one = request.param
    if one.type == "controlplane":
        request.getfixturevalue("ruling")
    if "{application}" not in one.path:
        return one
    application = factories.make_application(control_plane=plane, published=False)
    return Life(
        one.path.format(application=application.pk), one.create, one.replace, one.patch, one.type
    )


def _shows(answer: Any, sent: Any) -> bool:
    """Whether the answer says what was sent, perhaps with defaults filled in."""
    if isinstance(sent, dict):
        return all(_shows(answer[name], one) for name, one in sent.items() if name not in _HIDDEN)
    if isinstance(sent, list):
        return len(sent) == len(answer) and all(map(_shows, answer, sent))
    return answer == sent


def test_lives_its_whole_life(api, life):
    created = api.post(f"{V1}{life.path}", life.create)
    assert created.status_code == 201, created.json()
    row = created.json()
    assert _shows(row, life.create)
    url = f"{V1}{life.path}{row['id']}/"
    assert api.get(url).json() == row
    assert row in api.get(f"{V1}{life.path}").json()["results"]

    replaced = api.put(url, life.replace)
    assert replaced.status_code == 200, replaced.json()
    assert _shows(replaced.json(), life.replace)
    patched = api.patch(url, life.patch)
    assert patched.status_code == 200, patched.json()
    assert _shows(patched.json(), life.replace | life.patch)
    assert api.get(url).json() == patched.json()

    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    entries = AuditEntry.objects.filter(object_id=row["id"]).order_by("id")
    assert [(one.verb, one.actor_name, one.object_type) for one in entries] == [
        ("created", "bo", life.type),
        ("changed", "bo", life.type),
        ("changed", "bo", life.type),
        ("deleted", "bo", life.type),
    ]


def test_what_is_read_may_be_written_back(api, life):
    url = f"{V1}{life.path}"
    row = api.post(url, life.create).json()
    same = row | ({"verify": False} if life.type == "registry" else {})
    answer = api.put(f"{url}{row['id']}/", same)
    assert answer.status_code == 200, answer.json()
    for one in (answer.json(), row):
        one.pop("updated_at")
        if "upstream" in one:
            one["upstream"].pop("updated_at")
        for member in (one.get("upstream") or one).get("members", []):
            member.pop("id")
    assert answer.json().keys() == row.keys()
    assert _shows(row, {name: one for name, one in answer.json().items() if name != "updated_at"})


def test_a_misspelt_field_is_an_error(api, life):
    answer = api.post(f"{V1}{life.path}", life.create | {"nmae": "x"})
    assert answer.status_code == 400
    assert answer.json() == {"nmae": ["There is no such field."]}
