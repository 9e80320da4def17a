"""Imported once by the fork server, so that every worker starts with its libraries ready.

Loading them and their language models takes seconds; a worker that is forked from here, also one
that replaces a killed one, has them at once and shares their memory. What is loaded stays for
good: it is frozen, so that the garbage collector does not look through it again and again.
"""

import gc

from ingest.articles.extract import warm_up
from ingest.feeds import parse as _parse  # noqa: F401 - to have it loaded

warm_up()
gc.freeze()
