"""The contract of readers of request traces."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from slit.data.trace import Trace
from slit.errors import SlitError

Request = tuple[float, int, int]
"""Seconds since time zero, prompt tokens, output tokens."""

REQUESTS: tuple[Request, ...] = (
    (0.0, 100, 10),
    (30.0, 300, 30),
    (1250.0, 50, 5),
    (1799.0, 70, 1),
)


class TraceContract:
    """Subclass it, define `text` and `read`, and pytest runs the suite.

    For readers of files with a line for each request. `suffix` is that of the files.
    """

    suffix = ".csv"

    def text(self, requests: Sequence[Request]) -> str:
        """A file of these requests in the format; time zero is a multiple of 600 s."""
        raise NotImplementedError

    def read(self, path: Path, *, seconds: float) -> Trace:
        """What the reader makes of it, in bins of `seconds` s."""
        raise NotImplementedError

    def written(self, folder: Path, requests: Sequence[Request] = REQUESTS) -> Path:
        """A file of requests."""
        path = folder / f"trace{self.suffix}"
        path.write_text(self.text(requests), encoding="utf-8")
        return path

    def test_requests_are_counted_in_bins(self, tmp_path: Path) -> None:
        """Bins without gaps; means of tokens, NaN where there is no request."""
        trace = self.read(self.written(tmp_path), seconds=600)
        assert trace.seconds == 600
        assert trace.requests.tolist() == [2, 0, 2]
        np.testing.assert_allclose(trace.prompt_tokens, [200, np.nan, 60])
        np.testing.assert_allclose(trace.output_tokens, [20, np.nan, 3])
        assert not trace.requests.flags.writeable

    def test_the_length_of_bins_changes_no_sum(self, tmp_path: Path) -> None:
        """Requests and tokens of the whole file are the same in bins of any length."""
        path = self.written(tmp_path)
        for seconds in (60.0, 600.0, 1800.0):
            trace = self.read(path, seconds=seconds)
            there = trace.requests > 0
            assert trace.requests.sum() == len(REQUESTS)
            prompt = trace.requests[there] @ trace.prompt_tokens[there]
            assert prompt == pytest.approx(sum(request[1] for request in REQUESTS))

    def test_rows_may_come_in_any_order(self, tmp_path: Path) -> None:
        """A file in another order is the same trace."""
        first = self.read(self.written(tmp_path), seconds=600)
        second = self.read(self.written(tmp_path, REQUESTS[::-1]), seconds=600)
        assert_same(first, second)

    def test_the_file_may_be_packed(self, tmp_path: Path) -> None:
        """The same file, gzipped."""
        path = self.written(tmp_path)
        packed = path.with_name(f"{path.name}.gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        assert_same(self.read(path, seconds=600), self.read(packed, seconds=600))

    def test_the_file_stays_as_it_is(self, tmp_path: Path) -> None:
        """Reading changes nothing."""
        path = self.written(tmp_path)
        before = path.read_bytes()
        self.read(path, seconds=600)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_a_missing_file_is_said(self, tmp_path: Path) -> None:
        """The message names the file."""
        with pytest.raises(SlitError, match=r"absent.*expected"):
            self.read(tmp_path / f"absent{self.suffix}", seconds=600)

    def test_a_file_without_requests_is_said(self, tmp_path: Path) -> None:
        """Nothing to read is a mistake, not an empty trace."""
        with pytest.raises(SlitError, match=r"trace.*expected"):
            self.read(self.written(tmp_path, ()), seconds=600)

    def test_a_file_that_is_not_utf8_is_said(self, tmp_path: Path) -> None:
        """The message names the file."""
        path = self.written(tmp_path)
        path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
        with pytest.raises(SlitError, match=r"trace.*expected"):
            self.read(path, seconds=600)

    def test_another_file_is_said(self, tmp_path: Path) -> None:
        """A file of another layout is refused, not misread."""
        path = tmp_path / f"trace{self.suffix}"
        path.write_text("something,else\n1,2\n", encoding="utf-8")
        with pytest.raises(SlitError, match=r"trace.*expected"):
            self.read(path, seconds=600)

    def test_bins_have_a_length(self, tmp_path: Path) -> None:
        """No bin is shorter than nothing."""
        path = self.written(tmp_path)
        for seconds in (0.0, -1.0, float("nan")):
            with pytest.raises(SlitError, match="expected"):
                self.read(path, seconds=seconds)


def assert_same(first: Trace, second: Trace) -> None:
    """Two traces hold the same."""
    assert (first.start, first.seconds, first.offset) == (
        second.start,
        second.seconds,
        second.offset,
    )
    for name in ("requests", "prompt_tokens", "output_tokens"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
