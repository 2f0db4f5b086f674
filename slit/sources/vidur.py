"""Traces of Vidur (github.com/microsoft/vidur): arrived_at, num_prefill_tokens, num_decode_tokens.

Times are seconds from the start.
"""

from slit.data.request_log import Layout

VIDUR = Layout(
    time=("arrived_at",),
    prompt=("num_prefill_tokens",),
    output=("num_decode_tokens",),
    unit="s",
)
