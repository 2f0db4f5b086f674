"""Logs of gateways: LiteLLM's spend logs, and any other whose columns are named.

LiteLLM writes a row a request into its table LiteLLM_SpendLogs (schema.prisma of
github.com/BerriAI/litellm): startTime, endTime, prompt_tokens, completion_tokens, model and more.
/spend/logs?...&summarize=false answers the same rows as a JSON list.
"""

from slit.data.request_log import Layout

LITELLM = Layout(
    time=("startTime",),
    prompt=("prompt_tokens",),
    output=("completion_tokens",),
    model=("model",),
    gaps=True,
)
LOG = Layout(gaps=True, token_free=True)
"""No names of its own: all are stated."""
