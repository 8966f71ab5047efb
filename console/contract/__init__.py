"""The contract: what Portolan writes to Redis, for its own rooms and for anybody's gateway.

There are two kinds of *feed*, alike in every respect but their contents:

* ``registry:<id>``: one state per Kubernetes Service of a registry (`wire.Service`), key
  ``<namespace>/<name>``.
* ``control-plane:<id>``: one state per published object of a control plane (`wire.Route`,
  `wire.Upstream`), key ``route/<id>`` or ``upstream/<id>``.

A feed is three Redis keys that share one hash tag, hence one cluster slot (see `keys.FeedKeys`):

``…:states``   hash, state key → bytes. The truth. JSON, encoded with sorted fields, so that equal
               state is equal bytes.
``…:changes``  stream of wake-ups. The entry id is ``<epoch>-<seq>``; field ``keys`` is a JSON list
               of the state keys that the commit touched, field ``at`` the writer's wall clock in
               milliseconds. An entry never carries state. Trimmed to about the newest 10,000.
``…:meta``     hash: ``epoch``, ``seq``, ``commit`` (a digest that identifies the last commit),
               ``checksum`` (see `wire.checksum`), ``at`` and ``source`` (how far the source of the
               feed had been read, opaque).

What a reader may rely on:

1. A commit is atomic: states, stream entry and meta change together or not at all.
2. ``epoch`` never falls. Within an epoch ``seq`` grows by one a commit. A new epoch means another
   writer and goes on counting from the last ``seq``. A writer that finds its commits lost writes
   all states anew and leaves a ``seq`` out, so that every reader sees a gap.
3. Equal is silent: a commit that would change no state is not made.
4. Reading the meta hash first, then the states, then following the stream from that position ends
   at the present state, whatever happened between. A reader that misses entries (trimmed stream,
   another epoch, a gap in ``seq``) reads the states again.
5. A feed without ``seq``, or with ``seq`` 0, has never been published: its reader knows *nothing*,
   which is not the same as knowing that there is nothing. It keeps what it had.
6. *Empty* is said explicitly: a Service without an endpoint is a state with no endpoints; a Service
   that does not exist has no state.
7. Nothing that carries nodes ever expires.

What a reader must do: ignore fields it does not know, keep the last good state when Redis is away,
and treat every string in a state as hostile text: clusters wrote it.

The golden files beside the tests hold one example of every struct. Fields are only ever added; a
field that changes its meaning or goes away means a new version in the key prefix.
"""
