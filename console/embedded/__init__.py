"""Servers that a checkout brings along: PostgreSQL, Valkey and Traefik from Python wheels.

`manage.py up` runs them for the demo, the tests run them for themselves; production has its own
servers. Nothing here needs Django. Each server keeps its files in a folder it is given, listens on
loopback only, asks for a password, and is a child that does not outlive the process it was started
by. No secret appears on a command line.
"""
