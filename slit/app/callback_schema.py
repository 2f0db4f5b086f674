"""What callbacks may be sent: anything else is refused before a callback sees it."""

import json
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

import dash
import flask
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    FiniteFloat,
    TypeAdapter,
    ValidationError,
    create_model,
)

from slit.app.state import BY_RUN, LARGEST_PREFERENCE, SCALES, VIEWS

UPDATES = "_dash-update-component"
LARGEST_BODY = 1 << 20

PRESSES: TypeAdapter[Any] = TypeAdapter(Annotated[int, Field(ge=0)] | None)
Limits = tuple[FiniteFloat | None, FiniteFloat | None]
Theme = Literal["light", "dark"] | None


class _Body(BaseModel):
    """What dash's page sends when something has moved."""

    output: str
    outputs: Any = None
    inputs: list[Any]
    state: list[Any] = []
    moved: list[str] = Field(alias="changedPropIds", default=[])


def values_of_page(names: Collection[str], keys: Collection[str], epochs: int) -> dict[str, Any]:
    """What each property of the page may be: objectives `names`, plans `keys`, `epochs`."""
    name, key, color = _one_of(names), _one_of(keys), _one_of((*names, BY_RUN))
    limits = dict[name, Limits]  # type: ignore[valid-type]
    preference = Annotated[float, Field(ge=0, le=LARGEST_PREFERENCE)]
    kept: dict[str, Any] = {
        "other": (key | None, ...),
        **dict.fromkeys(("x", "y"), (name, ...)),
        "color": (color, ...),
        "scale": (_one_of(SCALES), "auto"),
        "sort": (_one_of((*names, "")), ""),
        "ranges": (limits, {}),
        "preferences": (dict[name, preference], {}),  # type: ignore[valid-type]
        "page": (Annotated[int, Field(ge=0)], 0),
    }
    restored = create_model("Restored", plan=(key | None, ...), **kept)
    chosen = create_model("Chosen", plan=(key, ...), **kept)
    brush = create_model("Brush", ranges=(limits, ...))
    pressed = create_model("Pressed", what=(str, ...), key=(str, ...))
    return {
        "theme.data": Theme,
        "view.value": _one_of(VIEWS),
        "hour.value": Annotated[int, Field(ge=0, le=epochs)] | None,
        "url.search": str | None,
        "chosen.data": chosen | None,
        "restored.data": restored | None,
        "brush.data": brush | None,
        "pressed.data": pressed | None,
        "limit.value": FiniteFloat | None,
        "like.value": preference | None,
        "pick.value": key | None,
        "other.value": key | None,
        "x.value": name,
        "y.value": name,
        "color.value": color,
        "scale.value": _one_of(SCALES),
        "built.data": bool | None,
        "download-figure.value": str,
    }


def values_of_search(names: Collection[str]) -> dict[str, Any]:
    """What each property of the page of a running search may be."""
    name = _one_of(names)
    return {"x.value": name, "y.value": name, "theme.data": Theme}


def refuse_malformed(app: dash.Dash, values: Mapping[str, Any], *, names: Collection[str]) -> None:
    """Answer 400 to what is no callback of the app with values that its properties may have.

    `values` has the kind of each property, as in theme.data; presses are counts. Components with a
    dictionary as id stand once for each of `names`.
    """
    kinds = {name: TypeAdapter(kind) for name, kind in values.items()}
    server: flask.Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    @server.before_request
    def malformed() -> Any:
        if flask.request.method != "POST" or not flask.request.path.endswith(UPDATES):
            return None
        try:
            _check(_Body.model_validate_json(flask.request.get_data()), app, kinds, names)
        except (ValidationError, _MalformedError, RecursionError):
            return flask.Response("this is no request of the page", status=400)
        return None


class _MalformedError(ValueError):
    """A request that the page does not send."""


def _check(
    body: _Body, app: dash.Dash, kinds: Mapping[str, TypeAdapter[Any]], names: Collection[str]
) -> None:
    """Raise _MalformedError or ValidationError unless the page can have sent this."""
    called = app.callback_map.get(body.output)
    if called is None or "callback" not in called:
        raise _MalformedError
    outputs = called["output"]
    several = isinstance(outputs, list | tuple)
    expected = [
        _parts(each.component_id, each.component_property, names)
        for each in (outputs if several else [outputs])
    ]
    if body.outputs != (expected if several else expected[0]):
        raise _MalformedError
    moved = set()
    for given, declared in ((body.inputs, called["inputs"]), (body.state, called["state"])):
        if len(given) != len(declared):
            raise _MalformedError
        for part, one in zip(given, declared, strict=True):
            moved.update(_check_part(part, one["id"], one["property"], kinds, names))
    if not moved.issuperset(body.moved):
        raise _MalformedError


def _check_part(
    part: Any,
    owner_text: str,
    what: str,
    kinds: Mapping[str, TypeAdapter[Any]],
    names: Collection[str],
) -> list[str]:
    """Check one input or state; gives its names, as dash writes them."""
    declared = json.loads(owner_text) if owner_text.startswith("{") else owner_text
    several = isinstance(declared, dict)
    if several != isinstance(part, list):
        raise _MalformedError
    given = part if several else [part]
    if not all(isinstance(each, dict) for each in given):
        raise _MalformedError
    bare = [{key: each.get(key) for key in ("id", "property")} for each in given]
    if (bare if several else bare[0]) != _parts(declared, what, names):
        raise _MalformedError
    owner = declared["type"] if isinstance(declared, dict) else declared
    kind = PRESSES if what in ("n_clicks", "n_intervals") else kinds[f"{owner}.{what}"]
    for each in given:
        kind.validate_json(json.dumps(each.get("value")), strict=True)
    return [f"{_written(each['id'])}.{what}" for each in bare]


def _parts(owner: Any, what: str, names: Collection[str]) -> Any:
    """How dash sends a component, or all of a kind."""
    if isinstance(owner, dict):
        return [{"id": {**owner, "name": name}, "property": what} for name in names]
    return {"id": owner, "property": what}


def _written(owner: Any) -> str:
    """A component's id in one string."""
    if isinstance(owner, str):
        return owner
    return json.dumps(owner, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _one_of(allowed: Collection[str]) -> Any:
    """The kind of a text that is one of those allowed."""

    def checked(value: str) -> str:
        if value not in allowed:
            raise ValueError("unknown")
        return value

    return Annotated[str, AfterValidator(checked)]
