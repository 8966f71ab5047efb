"""`manage.py up`: the whole house on one machine, started in order, watched, stopped in order.

``plan`` says which programs with which settings, ``supervisor`` runs them, ``house`` brings them up
step by step, ``report`` tells the person at the terminal. Production has its own process manager:
docs/operations.md.
"""
