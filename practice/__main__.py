"""`python -m practice`: hands over to the command line."""

from __future__ import annotations

import sys

from practice.cli import main

sys.exit(main())
