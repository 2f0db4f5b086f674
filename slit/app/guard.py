"""Who may ask the page for anything, and what the browser may load into it."""

import hmac
import ipaddress
import secrets
from typing import Any
from urllib.parse import urlencode

import dash
import flask

LOCAL = ("localhost", "127.0.0.1", "::1")
TOKEN = "token"
"""The name of the token in the address."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_open_to_all(host: str) -> bool:
    """Whether an address stands for every one that this machine has."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def new_token(host: str) -> str | None:
    """A secret that the page's address needs to have; None where others cannot reach it."""
    return None if is_loopback(host) else secrets.token_urlsafe(24)


def guard(app: dash.Dash, *, host: str, token: str | None) -> None:
    """Refuse requests under foreign names or without the token; load and run nothing else."""
    policy: list[str] = []
    server: flask.Flask = app.server

    @server.before_request
    def foreign() -> Any:
        # A page elsewhere may have its name point here (DNS rebinding).
        name = flask.request.host.rsplit(":", 1)[0].strip("[]")
        if name not in (*LOCAL, host) and not is_open_to_all(host):
            return flask.Response("this page is served under another name", status=403)
        origin = flask.request.headers.get("Origin")
        if origin is not None and origin.split("//")[-1] != flask.request.host:
            return flask.Response("requests of other pages are refused", status=403)
        return None if token is None else _let_in(token)

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


def _let_in(token: str) -> Any:
    """None for whoever has the token in a cookie; a cookie for whoever has it in the address."""
    # Browsers send cookies to all ports of a host: a page has its own.
    cookie = f"slit-{flask.request.environ.get('SERVER_PORT', '')}"
    if _same(flask.request.cookies.get(cookie, ""), token):
        return None
    if not _same(flask.request.args.get(TOKEN, ""), token):
        return flask.Response(
            "this page needs the address with its token, as slit explore printed it", status=403
        )
    # Out of the address bar, the history and the links that are passed on.
    left = [(key, value) for key, value in flask.request.args.items(multi=True) if key != TOKEN]
    query = urlencode(left)
    answer = flask.redirect("/" + flask.request.path.lstrip("/") + (f"?{query}" if query else ""))
    answer.set_cookie(cookie, token, httponly=True, samesite="Lax")
    return answer


def _same(given: str, token: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), token.encode())
