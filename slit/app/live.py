"""A search that is watched: a page while it goes on, the page of its result afterwards.

with watched(names, units, title="world-day") as live:
    result = slit.optimize(..., watch=live.feed.watch)
    live.finish(folder)
    live.wait()
"""

import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer
from werkzeug.wrappers import Response

from slit.app.guard import new_token
from slit.app.live_page import BASE, live_app
from slit.app.progress_feed import ProgressFeed
from slit.app.server import Site, address, bind


class Live:
    """The page of a running search; once that has ended, the page that explores its result."""

    def __init__(
        self,
        server: BaseWSGIServer,
        switch: "_Switch",
        feed: ProgressFeed,
        *,
        host: str,
        token: str | None,
    ) -> None:
        self.feed = feed
        self._server = server
        self._switch = switch
        self._host = host
        self._token = token

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return address(self._server, token=self._token)

    def finish(self, folder: Path | None, *, message: str = "The search has ended.") -> None:
        """Show the run folder from now on; without one, say the message."""
        if folder is not None:
            self._switch.result = Site([folder], host=self._host, token=self._token)
        self.feed.end(message, explorable=folder is not None)

    def wait(self) -> None:
        """Keep serving until Ctrl-C."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


class _Switch:
    """Serves the page of the search at /live/ and, once there is one, that of its result at /."""

    def __init__(self, running: Callable[..., Any]) -> None:
        self.running = running
        self.result: Callable[..., Any] | None = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if environ.get("PATH_INFO", "").startswith(BASE):
            return self.running(environ, start_response)
        if self.result is not None:
            return self.result(environ, start_response)
        query = environ.get("QUERY_STRING", "")
        where = f"{BASE}?{query}" if query else BASE
        return Response(status=302, headers={"Location": where})(environ, start_response)


@contextmanager
def watched(
    names: tuple[str, ...],
    units: tuple[str, ...],
    *,
    title: str,
    host: str = "127.0.0.1",
    port: int = 0,
    browser: bool = True,
) -> Iterator[Live]:
    """Serve the page of a search in a thread of its own; `browser` opens it.

    Raises SlitError if the port is taken.
    """
    feed = ProgressFeed()
    token = new_token(host)
    switch = _Switch(live_app(feed, names, units, title=title, host=host, token=token).server)
    server = bind(switch, host=host, port=port)
    thread = threading.Thread(target=server.serve_forever, name="slit-live", daemon=True)
    thread.start()
    live = Live(server, switch, feed, host=host, token=token)
    if browser:
        threading.Timer(0.2, webbrowser.open, [live.address]).start()
    try:
        yield live
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
