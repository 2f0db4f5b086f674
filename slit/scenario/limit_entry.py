"""Limits that a scenario states."""

from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from slit.scenario.records import Number, Record, text


def _number_or_text(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not number and not isinstance(value, str) and value is not None:
        said = str(value).lower() if isinstance(value, bool | float) else type(value).__name__
        raise ValueError(f"{said}, expected a number or text such as nearest+5%")
    return value


Bound = Annotated[Number | str | None, BeforeValidator(_number_or_text)]


class LimitEntry(Record):
    """What no plan may exceed: a limit of every search."""

    measure: str = text(
        "name of an objective, minimized or not, or of accuracy; of a part as quality[class=chat]",
        max_length=300,
    )
    most: Bound = text(
        "number in the measure's unit, or text: a number, a share in per cent, or what a "
        "reference plan reaches, as nearest or nearest+5%",
        default=None,
    )
    least: Bound = text("the same for accuracy, of which more is better", default=None)

    @model_validator(mode="after")
    def _has_one_side(self) -> "LimitEntry":
        if (self.most is None) == (self.least is None):
            raise ValueError("limit: most and least, expected one of them")
        return self
