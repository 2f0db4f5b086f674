"""`chat`, `prompts`: replicas of a placement and the requests that they get."""

from benchmarks.measuring.placements import chat, prompts
from benchmarks.registry import Case

PHASES = frozenset({"replay"})
CHAT = Case("chat", "a placement that answers: 1,000 tokens in, 200 out (made)", chat, PHASES)
PROMPTS = Case("prompts", "a placement that only reads: 1,000 tokens in (made)", prompts, PHASES)
