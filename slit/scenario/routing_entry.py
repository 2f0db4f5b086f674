"""One row of a routing: a share of requests at a placement."""

from pydantic import AwareDatetime

from slit.scenario.records import Name, Record, quantity, text


class RoutingEntry(Record):
    """A share of the requests of an origin's class, from an hour on; what is not named is all."""

    hour: AwareDatetime | None = text("begin of the time it is for", default=None)
    origin: Name | None = text("name of the origin", default=None)
    request_class: Name | None = text("name of the class", default=None)
    pool: Name = text("name of the pool")
    variant: Name = text("name of the variant")
    batch: int | None = quantity(
        "the operating point, where the variant has several there", "1", default=None, ge=1
    )
    share: float = quantity("share of the requests", "1", ge=0, le=1)
