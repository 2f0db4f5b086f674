"""The page as a web application, and serving it on this machine."""

import ipaddress
import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dash
import flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from slit.app.layout import page
from slit.app.library import Library
from slit.app.page_callbacks import register, register_scripts
from slit.errors import SlitError

LOCAL = ("localhost", "127.0.0.1", "::1")
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>
"""


def create_app(folders: Sequence[Path], *, host: str = "127.0.0.1") -> dash.Dash:
    """The page of the given run folders. A folder that cannot be read becomes a message in it."""
    return app_of(Library(folders), host=host)


def app_of(library: Library, *, host: str = "127.0.0.1") -> dash.Dash:
    """The page of the runs of a library."""
    app = new_app("slit explore", host=host)
    app.layout = page(library.runs, library.points, library.unreadable)
    if library.points is None:
        register_scripts(app)
    else:
        register(app, library)
    return app


def new_app(title: str, *, host: str, base: str = "/") -> dash.Dash:
    """An empty application: everything is served from here, and requests are guarded."""
    app = dash.Dash(
        "slit.app",
        assets_folder=str(Path(__file__).parent / "assets"),
        assets_ignore=r".*\.json",
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
    _guard(app, host=host)
    return app


def _guard(app: dash.Dash, *, host: str) -> None:
    """Refuse requests under foreign names, and tell the browser to load and run nothing else."""
    policy: list[str] = []
    server: flask.Flask = app.server

    @server.before_request
    def foreign() -> Any:
        # A page elsewhere may have its name point here (DNS rebinding).
        name = flask.request.host.rsplit(":", 1)[0].strip("[]")
        if name not in (*LOCAL, host) and not _open_to_all(host):
            return flask.Response("this page is served under another name", status=403)
        origin = flask.request.headers.get("Origin")
        if origin is not None and origin.split("//")[-1] != flask.request.host:
            return flask.Response("requests of other pages are refused", status=403)
        return None

    @server.after_request
    def guarded(response: flask.Response) -> flask.Response:
        if not policy:
            scripts = " ".join(["'self'", *app.csp_hashes()])
            policy.append(
                f"default-src 'self'; script-src {scripts}; "
                "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
                "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
                "form-action 'none'; frame-ancestors 'none'"
            )
        response.headers["Content-Security-Policy"] = policy[0]
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


def _open_to_all(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


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


def address(server: BaseWSGIServer) -> str:
    """Where a browser finds the page."""
    host = "127.0.0.1" if _open_to_all(str(server.host)) else str(server.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}/"


def explore(
    folders: Sequence[Path],
    *,
    host: str = "127.0.0.1",
    port: int = 8050,
    browser: bool = True,
    say: Callable[[str], None],
) -> None:
    """Serve the page until Ctrl-C; `browser` opens it. `say` is told where, and what is wrong."""
    library = Library(folders)
    server = bind(app_of(library, host=host).server, host=host, port=port)
    for each in library.unreadable:
        say(each.message)
    say(f"{address(server)} (Ctrl-C ends it)")
    if browser:
        threading.Timer(0.3, webbrowser.open, [address(server)]).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
