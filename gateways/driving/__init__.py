"""Following a control plane's feed for one gateway: the part that workers and agents share.

`shift` brings one gateway up to the feed until its first failure, `patience` says how long to wait
then. `auditor` looks beside it, from a thread of its own, at what the gateway
says of itself; `watching` stands in for the driver of a gateway that somebody else drives.

Promises: nothing is sent before something is known; the first thing sent is everything, then what
changed; after a failure all is compared anew, so that it does not matter what became of the change
that failed. Knows no Django and no Celery.
"""
