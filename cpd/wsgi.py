"""What a WSGI server loads: `cpd.wsgi:app`."""

import gc
import sys

from cpd import create_app
from cpd.web.log import log_as_json

log_as_json()
app = create_app()

# What stays for good is never looked through again, and the rest less often: 4 to 13 % of a page's time.
gc.freeze()
gc.set_threshold(50_000)

# Seconds a thread computes before another may: a page waits for a sign-in beside it several times, and not 5 ms each.
sys.setswitchinterval(0.0005)
