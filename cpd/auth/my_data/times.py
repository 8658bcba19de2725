"""How long things of one's own data last."""

from datetime import timedelta

KEPT = timedelta(days=7)  # a download
GIVEN_UP = timedelta(days=1)  # after which nobody waits for a download any more
PAUSE = timedelta(days=14)  # between asking for an account to be deleted and deleting it
SWEPT = timedelta(days=1)  # for so long after that, what a request may still have written is deleted too
