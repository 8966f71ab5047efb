from __future__ import annotations

from tests.conformance.api import told


def test_coming_to_match_is_added_and_ceasing_is_deleted(space):
    version = space.put_slices("a")
    space.label("a", colour="red")
    space.label("a", size="big")
    last = space.label("a", colour="blue")
    space.label("a", size=None)
    space.put_slices("end", labels={"colour": "red"})
    watch = space.api.watch(space.slices, resourceVersion=version, labelSelector="colour=red")
    events = watch.until("ADDED", "end")
    assert [told(event) for event in events] == [
        ("ADDED", "a"),
        ("MODIFIED", "a"),
        ("DELETED", "a"),
        ("ADDED", "end"),
    ]
    gone = events[2]["object"]["metadata"]
    assert gone["labels"]["colour"] == "red", "the last state that matched"
    assert gone["resourceVersion"] == last, "and the version at which it ceased to"


def test_one_name_is_watched_by_a_field(space):
    version = space.put_slices("a", "b")
    space.label("a", x="y")
    space.label("b", x="y")
    space.drop("endpointslices", "b")
    watch = space.api.watch(space.slices, resourceVersion=version, fieldSelector="metadata.name=b")
    assert [told(event) for event in watch.take(2)] == [("MODIFIED", "b"), ("DELETED", "b")]


def test_a_watch_of_everything_can_be_narrowed_to_a_namespace(space):
    version = space.put_slices("a")
    space.label("a", x="y")
    watch = space.api.watch(
        space.slices.replace(f"/namespaces/{space.name}", ""),
        resourceVersion=version,
        fieldSelector=f"metadata.namespace={space.name}",
    )
    assert [told(event) for event in watch.take(1)] == [("MODIFIED", "a")]


def test_the_present_of_a_narrowed_watch_is_narrowed(space):
    space.put_slices("a")
    version = space.put_slices("b", labels={"colour": "red"})
    space.api.get(space.slices, resourceVersion=version)
    watch = space.api.watch(space.slices, resourceVersion="0", labelSelector="colour=red")
    assert [told(event) for event in watch.take(1)] == [("ADDED", "b")]
