"""The REST API that all rooms share: authentication, errors, pagination, routes."""
