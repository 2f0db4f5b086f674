"""The page as a web application, and serving it on this machine."""

import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dash
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from slit.app.accounts import under_every_account
from slit.app.callback_schema import refuse_malformed, values_of_page
from slit.app.guard import TOKEN, guard, is_loopback, is_open_to_all, new_token
from slit.app.layout import page
from slit.app.page_callbacks import register
from slit.app.points import Unreadable, read_runs
from slit.app.run_store import RunStore
from slit.app.scenarios import Place, by_scenario
from slit.errors import SlitError

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>
"""


class Site:
    """The pages of run folders, one for each scenario: runs of the same one share a page.

    Raises SlitError, with the reason of each folder, if none can be read.
    """

    def __init__(
        self, folders: Sequence[Path], *, host: str = "127.0.0.1", token: str | None = None
    ) -> None:
        runs, self.unreadable = read_runs(folders)
        if not runs:
            reasons = "; ".join(each.message for each in self.unreadable)
            several = f"runs: none of {len(self.unreadable)} can be read: "
            raise SlitError(reasons if len(self.unreadable) == 1 else several + reasons)
        self.places = by_scenario(under_every_account(runs))
        self.apps = [
            app_of(place, self.places, self.unreadable, host=host, token=token)
            for place in self.places
        ]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer a request by the page that stands there, the first one's if there is none."""
        path = environ.get("PATH_INFO", "")
        chosen = self.apps[0]
        for place, app in zip(self.places[1:], self.apps[1:], strict=True):
            if path.startswith(place.base):
                chosen = app
        return chosen.server(environ, start_response)


def app_of(
    place: Place,
    places: Sequence[Place] = (),
    unreadable: Sequence[Unreadable] = (),
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
) -> dash.Dash:
    """The page of the runs of one scenario, with links to those of the others."""
    store = RunStore(place.runs)
    app = new_app("slit explore", host=host, base=place.base, token=token)
    app.layout = page(store, unreadable, place=place, places=places)
    register(app, store)
    points = store.points
    values = values_of_page(points.names, points.index, store.epochs)
    refuse_malformed(app, values, names=points.names)
    return app


def new_app(title: str, *, host: str, base: str = "/", token: str | None = None) -> dash.Dash:
    """An empty application: everything is served from here, and requests are guarded."""
    app = dash.Dash(
        "slit.app",
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore=r".*\.json",
        assets_path_ignore=["page"],  # modules that app.mjs imports
        serve_locally=True,
        url_base_pathname=base,
        suppress_callback_exceptions=True,
        title=title,
        update_title="",
        index_string=INDEX,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    # Modules run after the page is parsed, so dash, which calls them, begins behind them.
    app.renderer = "document.addEventListener('DOMContentLoaded', () => new DashRenderer());"
    guard(app, host=host, token=token)
    return app


def bind(app: Callable[..., Any], *, host: str, port: int) -> BaseWSGIServer:
    """A server for a web application; port 0 takes any that is free. SlitError if it is taken."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Tried first, as werkzeug prints advice of its own and exits.
        with socket.socket(kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
        return make_server(host, port, app, threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit) as error:
        raise SlitError(
            f"port: {host}:{port} cannot be listened on, expected a free one (--port N)"
        ) from error


class _Quiet(WSGIRequestHandler):
    """Says nothing of single requests."""

    def log_request(self, *_: Any) -> None:
        """Nothing."""


def address(server: BaseWSGIServer, *, token: str | None = None) -> str:
    """Where a browser finds the page."""
    host = "127.0.0.1" if is_open_to_all(str(server.host)) else str(server.host)
    place = f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/"
    return place if token is None else f"{place}?{TOKEN}={token}"


def explore(
    folders: Sequence[Path],
    *,
    host: str = "127.0.0.1",
    port: int = 8050,
    browser: bool = True,
    say: Callable[[str], None],
) -> None:
    """Serve the page until Ctrl-C; `browser` opens it. `say` is told where, and what is wrong.

    Raises SlitError if no folder can be read, or the port is taken.
    """
    token = new_token(host)
    site = Site(folders, host=host, token=token)
    server = bind(site, host=host, port=port)
    for each in site.unreadable:
        say(f"not shown: {each.message}")
    if len(site.places) > 1:
        accounts = any(place.account for place in site.places)
        what = "scenarios or carbon accounts" if accounts else "scenarios"
        say(f"{len(site.places)} {what}: each has a page of its own, linked from the others")
    if not is_loopback(host):
        say(warning(host, server))
    where = address(server, token=token)
    say(f"{where} (Ctrl-C ends it)")
    if browser:
        threading.Timer(0.3, webbrowser.open, [where]).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def warning(host: str, server: BaseWSGIServer) -> str:
    """Who can reach a page that is not for this machine alone."""
    name = socket.gethostname() if is_open_to_all(host) else host
    return (
        f"warning: --host {host}: every machine that reaches {name}:{server.server_port} can ask "
        "for the page. There is no password and no encryption: whoever has the address with its "
        "token sees the runs"
    )
