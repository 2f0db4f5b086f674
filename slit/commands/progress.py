"""A progress bar for long work, on standard error and only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slit.display import called, number

if TYPE_CHECKING:
    from slit.run import Progress, Watch


@contextmanager
def shown_progress(*, quiet: bool, names: tuple[str, ...]) -> Iterator["Watch | None"]:
    """A watcher that draws the bar: work a second, best values so far, time left."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[best]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("preparing", total=1.0, rate="", best="")

        def watch(progress: "Progress") -> None:
            bar.update(
                task,
                completed=progress.share,
                description="searching" if progress.share < 1 else "finishing",
                rate=rate_text(progress),
                best=best_text(progress, names),
            )

        yield watch


@contextmanager
def shown_work(text: str) -> Iterator[None]:
    """Say on the terminal that something takes a while."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def rate_text(progress: "Progress") -> str:
    """Evaluations a second, and moves where there are any."""
    loop = progress.loop
    seconds = max(loop.seconds, 1e-9)
    text = f"{loop.evaluations / seconds:,.0f} evaluations/s"
    return f"{text}, {loop.moves / seconds / 1e6:.1f} M moves/s" if loop.moves else text


def best_text(progress: "Progress", names: tuple[str, ...]) -> str:
    """The least value of each objective so far, each for itself."""
    if not progress.loop.history:
        return ""
    last = progress.loop.history[-1]
    if not last.plans:
        return "no feasible plan yet"
    pairs = zip(names, last.best, strict=False)
    return ", ".join(f"{called(name)} {number(value)}" for name, value in pairs)
