"""The roof of the REST API: authentication, errors, pagination, addresses, and the rows that every
room stands on. The rooms' doors are in their own ``api/``; what these share is `console.rest`."""
