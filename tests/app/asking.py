"""Asking a page's callbacks as its scripts do."""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.test import Client, TestResponse

from benchmarks.drivers.callback_requests import CallbackRequests


class Page:
    """A page at `base` of a site, through a client that stands in for the browser."""

    def __init__(self, client: Client, base: str = "/") -> None:
        self.client = client
        self.base = base
        self.requests = CallbackRequests(client.get(f"{base}_dash-dependencies").data)
        self.known = self.requests.dependencies

    def post(self, output: str, values: Mapping[str, Any], moved: str) -> Any:
        """The answer of the callback that has an output, given values by component."""
        answer = self.send(self.body(output, values, moved))
        assert answer.status_code == 200, answer.data
        return json.loads(answer.data)["response"]

    def send(self, body: Any) -> TestResponse:
        """Post anything."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        where = f"{self.base}_dash-update-component"
        return self.client.post(where, data=data, content_type="application/json")

    def body(self, output: str, values: Mapping[str, Any], moved: str) -> dict[str, Any]:
        """What the browser sends. `values` has lists by kind and `names` for sliders."""
        return self.requests.body(output, values, moved)
