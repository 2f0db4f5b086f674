"""BurstGPT traces: version 1 with 6 columns, version 2 with 8 (Session ID, Elapsed time).

Times are seconds; in version 1 from 00:00 of the first day (campus local time), in version 2 not
from zero. A response of 0 tokens is a failed request.
"""

from slit.data.request_log import Layout

BURSTGPT = Layout(
    time=("Timestamp",),
    prompt=("Request tokens",),
    output=("Response tokens",),
    model=("Model",),
    unit="s",
)
