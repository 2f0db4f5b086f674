"""`slit optimize --watch`: a page that shows the search while it goes on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from slit.commands.terminal import complain
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.app.live import Live
    from slit.run import Progress, Watch


def need_dash() -> None:
    """Raise SlitError where the page's store is not installed."""
    if find_spec("dash") is None:
        raise SlitError("dash: not installed, expected pip install 'slit-llm[explore]'")


@contextmanager
def watched_search(
    wanted: bool,
    *,
    title: str,
    objectives: Sequence[str] | None,
    plugin: Path | None,
    resume: Path | None,
    browser: bool = True,
) -> Iterator["Live | None"]:
    """The page of a search, if it is wanted; its address goes to standard error."""
    if not wanted:
        yield None
        return
    need_dash()
    from slit.app.live import watched
    from slit.objectives import find

    searched = find(searched_objectives(objectives, plugin, resume))
    names = tuple(objective.name for objective in searched)
    units = tuple(objective.unit for objective in searched)
    with watched(names, units, title=title, browser=browser) as live:
        complain(f"watch: {live.address}")
        yield live


def show_result(live: "Live", folder: Path) -> None:
    """Serve the page of the run that was written, until Ctrl-C."""
    live.finish(folder)
    with suppress(KeyboardInterrupt):  # as soon as the line is read, not only while it waits
        complain(f"explore: {live.address} (Ctrl-C ends it)")
        live.wait()


def both(first: "Watch | None", second: "Watch | None") -> "Watch | None":
    """A watcher that calls two, or the one that there is."""
    if first is None or second is None:
        return first or second

    def watch(progress: "Progress") -> None:
        first(progress)
        second(progress)

    return watch


def searched_objectives(
    objectives: Sequence[str] | None, plugin: Path | None, resume: Path | None
) -> tuple[str, ...]:
    """The objectives that the search will have, as `slit.optimize` chooses them."""
    from slit.api.arguments import objective_names
    from slit.record.checkpoint import read_unfinished
    from slit.record.folder import unfinished_folder

    names = objective_names(objectives, plugin)
    if resume is None:
        return names
    return read_unfinished(unfinished_folder(resume)).pending.objectives
