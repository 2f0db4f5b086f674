"""Azure LLM inference traces of 2023 and 2024: TIMESTAMP, ContextTokens, GeneratedTokens.

The stamps of 2023 carry no offset (2023-11-16 18:17:03.9799600): their zone must be stated. Those
of 2024 carry one (2024-05-10 00:00:00.009930+00:00), with or without a fraction of a second.
"""

from slit.data.request_log import Layout

AZURE = Layout(
    time=("TIMESTAMP",),
    prompt=("ContextTokens",),
    output=("GeneratedTokens",),
    model=("Model", "model"),
)
