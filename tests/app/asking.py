"""Asking a page's callbacks as its scripts do."""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.test import Client, TestResponse


class Page:
    """A page at `base` of a site, through a client that stands in for the browser."""

    def __init__(self, client: Client, base: str = "/") -> None:
        self.client = client
        self.base = base
        self.known = json.loads(client.get(f"{base}_dash-dependencies").data)

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
        asked = next(each for each in self.known if output in each["output"])
        parts = [part.rsplit(".", 1) for part in asked["output"].strip(".").split("...")]
        outputs = [self._place(name, prop, values) for name, prop in parts]
        return {
            "output": asked["output"],
            "outputs": outputs if len(outputs) > 1 else outputs[0],
            "inputs": [self._given(each, values) for each in asked["inputs"]],
            "changedPropIds": [moved],
            "state": [self._given(each, values) for each in asked["state"]],
        }

    def _place(self, name: str, prop: str, values: Mapping[str, Any]) -> Any:
        if not name.startswith("{"):
            return {"id": name, "property": prop}
        kind = json.loads(name)["type"]
        return [{"id": {"name": n, "type": kind}, "property": prop} for n in values["names"]]

    def _given(self, each: Mapping[str, str], values: Mapping[str, Any]) -> Any:
        place = self._place(each["id"], each["property"], values)
        if isinstance(place, dict):
            return {**place, "value": values.get(each["id"])}
        kind = place[0]["id"]["type"]
        return [{**one, "value": v} for one, v in zip(place, values[kind], strict=True)]
