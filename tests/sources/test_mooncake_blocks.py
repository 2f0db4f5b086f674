"""What prompts of a log share with earlier ones, by its blocks."""

from pathlib import Path

import pytest

from slit.errors import SlitError
from slit.sources.mooncake import BAILIAN, cached_share


def test_leading_blocks_by_hand(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(
        '{"timestamp": 0, "input_length": 1000, "output_length": 1, "hash_ids": [1, 2]}\n'
        '{"timestamp": 1, "input_length": 1500, "output_length": 1, "hash_ids": [1, 9, 2]}\n\n'
        '{"timestamp": 2, "input_length": 800, "output_length": 1, "hash_ids": [1, 9]}\n'
    )
    # Nothing; one block of 512, as what follows an unknown one does not count; all 800, not 1,024.
    assert cached_share(log) == pytest.approx((512 + 800) / 3300)
    assert cached_share(log, BAILIAN) == pytest.approx((16 + 32) / 3300)


def test_counted_blocks_and_mistakes(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("timestamp_ms,input_length,output_length,n_blocks_seen_before\n0,1000,5,1\n")
    assert cached_share(log) == pytest.approx(0.512)
    log.write_text("timestamp_ms,input_length,output_length\n0,1000,5\n")
    with pytest.raises(SlitError, match="expected hash_ids of each request"):
        cached_share(log)
    log.write_text("timestamp_ms,input_length,output_length,n_blocks_seen_before\n")
    with pytest.raises(SlitError, match="no prompt tokens"):
        cached_share(log)


def test_conversations_of_mooncake(shared_data: Path) -> None:
    """An hour of conversations: what a cache without limit can hit at most."""
    found = cached_share(shared_data / "llm_traces" / "mooncake_conversation.csv")
    assert 0.3 < found < 0.5
