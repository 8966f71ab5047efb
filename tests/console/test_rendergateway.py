"""`manage.py rendergateway`: documents, the difference, and what it exits with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import CommandError, call_command

from console.contract import keys
from tests import factories

from .conftest import SECRET

if TYPE_CHECKING:
    from .scenes import Scene

SAME, DIFFERS, FAILED = 0, 1, 2


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        call_command("rendergateway", *words)
        code, said = SAME, ""
    except CommandError as error:
        code, said = error.returncode, str(error)
    out, err = capsys.readouterr()
    assert SECRET not in out + err + said
    return code, out, err + said


@pytest.fixture
def live(scene: Scene, gateway_store: Any, gateway_redis_url: str) -> Any:
    """The gateway's tree can be reached; gives the driver that writes it."""
    from django.conf import settings

    from console.secrets import Secret
    from gateways import drivers

    gateway = scene.rows.gateway
    parts = urlsplit(settings.REDIS_URL)
    gateway.settings = {"redis_url": gateway_redis_url}
    gateway.secret = Secret(f"{parts.username or ''}:{parts.password}")
    gateway.save()
    driver = drivers.build("traefik", gateway.settings, gateway.secret.reveal())
    driver.start(epoch=1)
    return driver


def test_documents_as_json_and_yaml(capsys: pytest.CaptureFixture[str], scene: Scene) -> None:
    code, out, _err = _run(capsys, "edge")
    assert code == SAME
    documents = json.loads(out)
    assert documents
    assert yaml.safe_load(_run(capsys, "edge", "--format", "yaml")[1]) == documents


def test_one_resource(capsys: pytest.CaptureFixture[str], scene: Scene) -> None:
    key = keys.upstream(str(scene.rows.application.upstreams.get().pk))
    assert json.loads(_run(capsys, "edge", "--resource", key)[1])
    code, _out, err = _run(capsys, "edge", "--resource", "route/nowhere")
    assert (code, "Nothing is published as route/nowhere." in err) == (FAILED, True)


def test_the_same_differs_and_cannot_be_asked(
    capsys: pytest.CaptureFixture[str], scene: Scene, live: Any
) -> None:
    from gateways import rendering

    live.replace(rendering.published(str(scene.rows.plane.pk)))
    code, out, err = _run(capsys, "edge", "--diff")
    assert (code, out) == (SAME, "")
    assert "exactly what is published" in err
    scene.compiled(nodes=3)
    code, out, err = _run(capsys, "edge", "--diff")
    assert code == DIFFERS
    assert "10.0.0.3" in out
    assert "differ" in err
    type(scene.rows.gateway).objects.update(settings={"redis_url": "redis://127.0.0.1:1/0"})
    code, _out, err = _run(capsys, "edge", "--diff")
    assert (code, "does not answer" in err) == (FAILED, True)


def test_names_that_lead_nowhere_or_to_two(
    capsys: pytest.CaptureFixture[str], scene: Scene
) -> None:
    code, _out, err = _run(capsys, "nobody")
    assert (code, err) == (FAILED, "There is no gateway named nobody.")
    other = factories.make_control_plane(slug="other")
    factories.make_gateway(control_plane=other, name="edge")
    code, _out, err = _run(capsys, "edge")
    assert code == FAILED
    assert "--control-plane" in err
    assert _run(capsys, "edge", "--control-plane", "default")[0] == SAME
