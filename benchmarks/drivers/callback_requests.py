"""What the scripts of a dash page send to its callbacks."""

import json
from collections.abc import Mapping
from typing import Any


class CallbackRequests:
    """Requests to the callbacks that a page names under `_dash-dependencies`."""

    def __init__(self, dependencies: str | bytes) -> None:
        self.dependencies = json.loads(dependencies)

    def body(self, output: str, values: Mapping[str, Any], changed: str) -> dict[str, Any]:
        """The request to the callback that has an output.

        `values` of its inputs by component; has lists by kind, and `names`, for sliders.
        """
        callback = next(each for each in self.dependencies if output in each["output"])
        parts = [part.rsplit(".", 1) for part in callback["output"].strip(".").split("...")]
        outputs = [_component(name, prop, values) for name, prop in parts]
        return {
            "output": callback["output"],
            "outputs": outputs if len(outputs) > 1 else outputs[0],
            "inputs": [_with_value(each, values) for each in callback["inputs"]],
            "changedPropIds": [changed],
            "state": [_with_value(each, values) for each in callback["state"]],
        }


def _component(name: str, prop: str, values: Mapping[str, Any]) -> Any:
    if not name.startswith("{"):
        return {"id": name, "property": prop}
    kind = json.loads(name)["type"]
    return [{"id": {"name": n, "type": kind}, "property": prop} for n in values["names"]]


def _with_value(part: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    component = _component(part["id"], part["property"], values)
    if isinstance(component, dict):
        return {**component, "value": values.get(part["id"])}
    kind = component[0]["id"]["type"]
    return [{**one, "value": v} for one, v in zip(component, values[kind], strict=True)]
