"""A dry run is the compiler's own work, and writes nothing."""

from __future__ import annotations

from applications import actions, dryrun
from applications.models import Application
from tests.applications.conftest import Compiling, Discovered
from tests.factories import make_api, make_application
from tests.threads import eventually

WEB = "apisix/httpbin"


def _digests(resources: dict[str, object]) -> dict[str, object]:
    return {key: one.digest for key, one in resources.items()}  # type: ignore[attr-defined]


def test_it_gives_what_the_compiler_commits_once_it_is_published(
    compiling: Compiling, registry: Discovered
) -> None:
    registry.put(WEB, "10.0.0.1", "10.0.0.2")
    application = make_application(registry=registry.row, name="shop", published=False)
    api = make_api(application=application, name="main", published=False)
    with compiling() as compiled:
        eventually(lambda: compiled.seq == 1)
        draft = dryrun.of_application(application, apis=[str(api.pk)])
        assert draft.before == {}
        assert draft.changes == draft.after
        assert compiled.resources() == {}, "nothing is written"
        assert not Application.objects.get(pk=application.pk).published
        actions.publish_application(application=application, actor=None)
        actions.publish_api(api=api, actor=None)
        eventually(lambda: len(compiled.resources()) == 2)
        assert _digests(compiled.resources()) == _digests(dict(draft.after))


def test_of_what_is_published_it_tells_what_would_change(
    compiling: Compiling, registry: Discovered
) -> None:
    registry.put(WEB, "10.0.0.1")
    application = make_application(registry=registry.row, name="shop")
    make_api(application=application, name="main")
    second = make_api(application=application, name="second", published=False)
    with compiling() as compiled:
        eventually(lambda: len(compiled.resources()) == 2)
        assert dryrun.of_application(application).changes == {}
        changes = dryrun.of_application(application, apis=[str(second.pk)]).changes
        assert list(changes) == [f"route/{second.pk}"]


def test_a_registry_that_is_not_known_gives_no_nodes_and_keeps_those_there_are(
    compiling: Compiling, registry: Discovered, store: object
) -> None:
    registry.put(WEB, "10.0.0.1")
    application = make_application(registry=registry.row, name="shop")
    make_api(application=application, name="main")
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
    from console.contract import keys
    from console.feed import erase

    erase(store, keys.feed(keys.registry(str(registry.row.pk))))
    assert dryrun.of_application(application).changes == {}
