"""Try it: the console sends one request through a gateway, as a client would.

Only to the address of a gateway of the control plane that is shown, and never to an address that no
gateway has (`registries.kube.addresses`); no redirect is followed, nothing of the console's own
session goes along, time and size have limits, and so has the number of tries of each person.
"""
