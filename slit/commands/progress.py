"""A progress bar for long work, on standard error and only on a terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from slit.display import called, number

if TYPE_CHECKING:
    from slit.api.references import Prepared
    from slit.front import Front
    from slit.run import Progress, Watch


class Progressing(NamedTuple):
    """What a search tells a progress bar: every step, and each reference plan."""

    watch: "Watch | None" = None
    prepared: "Prepared | None" = None


@contextmanager
def shown_progress(*, quiet: bool, names: Callable[[], Sequence[str]]) -> Iterator[Progressing]:
    """A bar that shows work a second, best values so far, time left; first the reference plans.

    names: asked for the objectives when the search begins, so that the bar can stand before
    anything heavy is imported.
    """
    if quiet or not sys.stderr.isatty():
        yield Progressing()
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

        def prepared(name: str, front: "Front") -> None:
            bar.update(task, description="reference plans", best=plan_text(name, front))

        def watch(progress: "Progress") -> None:
            bar.update(
                task,
                completed=progress.share,
                description="searching" if progress.share < 1 else "finishing",
                rate=rate_text(progress),
                best=best_text(progress, names()),
            )

        yield Progressing(watch, prepared)


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


def plan_text(name: str, front: "Front") -> str:
    """A reference plan: what made it, and its objectives."""
    pairs = zip(front.names, front.F[0], strict=True)
    return f"{name}: " + ", ".join(f"{called(each)} {number(value)}" for each, value in pairs)


def best_text(progress: "Progress", names: Sequence[str]) -> str:
    """The least value of each objective so far, each for itself."""
    if not progress.loop.history:
        return ""
    last = progress.loop.history[-1]
    if not last.plans:
        return "no feasible plan yet"
    pairs = zip(names, last.best, strict=False)
    return ", ".join(f"{called(name)} {number(value)}" for name, value in pairs)
