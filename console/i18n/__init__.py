"""Translations without the gettext programs: Babel collects the messages, merges them into the
catalogues of locale/, and compiles those.

English is the source: what stands in the code is what an English reader sees. Part of the floor;
it reads files and knows no row.
"""
