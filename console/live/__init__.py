"""Open pages hear what changed: one stream of server-sent events a page.

An event carries topics, never contents: the page asks for the parts that show them, by ordinary
requests, as the same person. Words may be lost, doubled or merged; a page that has (re)connected
asks for all its parts, so it always ends at the present.

What it costs: one look into Redis every fifth of a second for a whole process, however many pages
are open, and none if none is; one idle task a page.

The topics, as a page names them:

* ``registry:ID``: the registry's feed, or what its watcher says of it
* ``service:ID/NAMESPACE/NAME``: one service of the registry's feed
* ``moves:ID``: what the nodes of the registry's services did, once it is written down
* ``control-plane:ID``: a compiled resource of the control plane
* ``gateway:ID``: what the gateway's driver says of it
* ``instances:ID``: what the gateway's running processes report, and that one reports no more
* ``rows:ID``: something that was saved in the control plane
"""
