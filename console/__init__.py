"""The console: floor and roof of the house.

Floor (every room stands on it): ``env contract feed lease ownership redis wakeups secrets models
audit``. Roof (nothing below imports it): ``settings urls asgi celery api views management``.
"""

VERSION = "0.1.0"
