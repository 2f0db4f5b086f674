"""The file of a cell-day: what a person writes in TOML."""

from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from slit.errors import SlitError, did_you_mean
from slit.papers.aolo.stations import STATIONS, PathLoss, StationClass
from slit.scenario.records import Horizon, Name, Record, flag, quantity, text
from slit.scenario.references import SeriesReference
from slit.scenario.toml_file import read_toml
from slit.scenario.validation_errors import refused, shown

BUILTIN = Path(__file__).parent / "builtin"
DEFAULT = "cell-day"

Count = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1e7)]


class Chain(Record):
    """What counts as carbon of the chain, and how."""

    static_share: float = quantity(
        "share of the station's static power that a transmission answers for while it is on air; "
        "the rest is there with or without it",
        "1",
        default=1.0,
        ge=0,
        le=1,
    )
    embodied: bool = flag("whether embodied carbon of node and station counts", default=False)


class ServingNode(Record):
    """The node that writes answers: of a scenario of slit, or in figures of its own."""

    scenario: str | None = text("scenario that the figures are from", default=None)
    node_type: Name | None = text("its node type", default=None)
    variant: Name | None = text("its model variant", default=None)
    batch: int = quantity("requests decoded together by one replica", "1", ge=1, le=1_000_000)
    pue: float = quantity("facility over IT energy", "1", ge=1, le=10)
    replicas: int = quantity("copies of the weights on the node", "1", default=1, ge=1, le=65_536)
    prefill_tokens_per_s: float | None = quantity(
        "prompt tokens read by the node", "token/s", default=None, ge=1e-3, le=1e12
    )
    prefill_fixed_s: float = quantity("one-prompt prefill: fixed part", "s", default=0.0, ge=0)
    prefill_slope_s: float = quantity("one-prompt prefill: per token", "s/token", default=0.0, ge=0)
    step_fixed_s: float = quantity("one decode step: fixed part", "s", default=0.0, ge=0)
    step_slope_s: float | None = quantity(
        "one decode step: per request of the batch", "s", default=None, ge=1e-12, le=3600
    )
    idle_w: float = quantity("node power without work", "W", default=0.0, ge=0)
    prefill_w: float | None = quantity("node power while reading", "W", default=None, ge=0, le=1e7)
    decode_w: float | None = quantity("node power while writing", "W", default=None, ge=0, le=1e7)
    embodied_kg: float = quantity("embodied carbon of the node", "kg CO2e", default=0.0, ge=0)
    lifetime_hours: float = quantity("its life", "h", default=35_040.0, gt=0)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = [name for name in ("scenario", "node_type", "variant") if getattr(self, name)]
        figures = ("prefill_tokens_per_s", "step_slope_s", "prefill_w", "decode_w")
        given = [name for name in figures if getattr(self, name) is not None]
        if named and (given or len(named) < 3):
            raise ValueError(
                f"node: {', '.join([*named, *given])} given, expected all of scenario, node_type "
                "and variant, and no figures beside them"
            )
        if not named and len(given) < len(figures):
            raise ValueError(
                f"node: {', '.join(given) or 'nothing'} given, expected scenario, node_type and "
                f"variant, or all of {', '.join(figures)}"
            )
        return self


class Cell(Record):
    """A base station and its channel; it sends one answer at a time over the whole bandwidth."""

    name: Name = text("name")
    station: StationClass = text("class of the base station (EARTH)")
    path_loss: PathLoss = text("path loss model")
    line_of_sight: bool = flag("whether devices see the station", default=False)
    carrier_ghz: float = quantity("carrier frequency", "GHz", ge=0.1, le=100)
    bandwidth_mhz: float = quantity("bandwidth", "MHz", gt=0, le=2000)
    noise_figure_db: float = quantity("noise figure of a device", "dB", default=9.0, ge=0, le=30)
    antenna_gain_db: float = quantity(
        "antenna gains less losses, both ends", "dB", default=0.0, ge=-60, le=60
    )
    power_limit_w: float | None = quantity(
        "most output of a transceiver; none: of the class", "W", default=None, gt=0, le=1000
    )
    least_power_share: float = quantity(
        "least output over the most", "1", default=0.01, ge=1e-6, le=1
    )
    device_w: float = quantity("power that a device radiates", "W", default=0.2, gt=0, le=100)
    outage: float = quantity(
        "share of transmissions that may fail, where stations know the mean channel only; 0: they "
        "know the channel of the moment",
        "1",
        default=0.0,
        ge=0,
        lt=1,
    )
    embodied_kg: float = quantity("embodied carbon of the station", "kg CO2e", default=0.0, ge=0)
    lifetime_hours: float = quantity("its life", "h", default=87_600.0, gt=0)

    @model_validator(mode="after")
    def _within_the_class(self) -> Self:
        most = STATIONS[self.station].most_w
        if self.power_limit_w is not None and self.power_limit_w > most:
            raise ValueError(
                f"power_limit_w: {self.power_limit_w:g}, expected at most {most:g} (output of a "
                f"transceiver of class {self.station}, W)"
            )
        return self

    @property
    def most_w(self) -> float:
        """Most output of a transceiver, W."""
        return self.power_limit_w or STATIONS[self.station].most_w


class AnswerClass(Record):
    """What is asked, and what makes an answer good."""

    name: Name = text("name")
    prompt_tokens: float = quantity("prompt tokens, mean", "token", ge=1, le=1e7)
    wanted_tokens: float = quantity("answer length that is wanted, mean", "token", ge=1, le=1e6)
    spread: float = quantity(
        "squared coefficient of variation of both lengths (lognormal); 0: all the same",
        "1",
        default=0.0,
        ge=0,
        le=100,
    )
    longest_tokens: int = quantity("longest answer", "token", ge=1, le=1_000_000)
    deadline_s: float = quantity("time from asking to the end of the answer", "s", gt=0, le=86_400)
    length_weight: float = quantity(
        "weight of length in quality of experience; the rest is that of delay", "1", ge=0, le=1
    )
    least_quality: float = quantity("least quality of experience", "1", ge=0, le=1)
    length_scale: float = quantity(
        "tokens over which length is felt (Weber-Fechner: ln(1 + tokens / scale))",
        "token",
        default=20.0,
        gt=0,
    )
    bits_per_token: float = quantity("of the answer on the air, headers included", "bit", gt=0)
    prompt_bits_per_token: float = quantity("of the prompt on the air", "bit", default=40.0, ge=0)


class FadingKind(StrEnum):
    """How the channel of a moment is spread around its mean."""

    NONE = "none"
    RAYLEIGH = "rayleigh"
    RICIAN = "rician"


class Fading(Record):
    """How the channel of a moment differs from its mean; block fading: constant for an answer."""

    kind: FadingKind = text("none, rayleigh or rician", default=FadingKind.RAYLEIGH)
    k_factor_db: float = quantity(
        "power of the direct path over that of the others (rician)",
        "dB",
        default=6.0,
        ge=-30,
        le=40,
    )


class UserGroup(Record):
    """Users of a cell who ask alike, spread evenly over a ring around its station."""

    name: Name = text("name")
    cell: Name = text("cell")
    request_class: Name = text("class of their requests")
    nearest_m: float = quantity("nearest to the antenna", "m", gt=0, le=1e5)
    farthest_m: float = quantity("farthest from it", "m", gt=0, le=1e5)
    requests: tuple[Count, ...] = text("requests: one figure for every epoch, or one an epoch")
    fading: Fading = text("fading", default=Fading())

    @model_validator(mode="after")
    def _ring(self) -> Self:
        if self.farthest_m < self.nearest_m:
            raise ValueError(
                f"farthest_m: {self.farthest_m:g}, expected at least nearest_m "
                f"({self.nearest_m:g} m)"
            )
        return self


class CellFile(Record):
    """A day of requests over the air."""

    name: Name = text("name")
    description: str = text("what it is", default="")
    horizon: Horizon = text("time")
    carbon: SeriesReference = text("carbon intensity of the grid that feeds node and stations")
    chain: Chain = text("what counts", default=Chain())
    node: ServingNode = text("what writes the answers")
    cells: tuple[Cell, ...] = text("base stations")
    classes: tuple[AnswerClass, ...] = text("classes of requests")
    users: tuple[UserGroup, ...] = text("groups of users")

    @model_validator(mode="after")
    def _names(self) -> Self:
        for section in ("cells", "classes", "users"):
            names = [each.name for each in getattr(self, section)]
            if not names:
                raise ValueError(f"{section}: none, expected at least one")
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"{section}: {twice!r} twice, expected each name once")
        for user in self.users:
            for field, listed in (("cell", self.cells), ("request_class", self.classes)):
                names, found = [each.name for each in listed], getattr(user, field)
                if found not in names:
                    raise ValueError(
                        f"users.{user.name}: {field} {found!r}, expected one of {', '.join(names)}"
                        f"{did_you_mean(found, names)}"
                    )
            if len(user.requests) not in (1, self.horizon.epochs):
                raise ValueError(
                    f"users.{user.name}: requests {len(user.requests)} figures, expected one, or "
                    f"one an epoch ({self.horizon.epochs})"
                )
        return self


SECTIONS = (
    ("the file", CellFile),
    ("[chain]", Chain),
    ("[node]", ServingNode),
    ("[[cells]]", Cell),
    ("[[classes]]", AnswerClass),
    ("[[users]]", UserGroup),
    ("fading of users", Fading),
)
"""Titles of the sections of the file, for the page of fields."""


def cell_names() -> tuple[str, ...]:
    """The built-in cell-days, the default first."""
    names = sorted(path.stem for path in BUILTIN.glob("*.toml"))
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def read_cell_file(name_or_path: str | PathLike[str]) -> tuple[CellFile, Path]:
    """The checked file of a built-in cell-day or of a path, and its path.

    Raises:
        SlitError: there is none, or the first field that is wrong.
    """
    path = Path(name_or_path)
    if str(name_or_path) in cell_names():
        path = BUILTIN / f"{name_or_path}.toml"
    elif not path.is_file():
        raise SlitError(
            f"{shown(str(name_or_path))[1:-1]}: no such cell-day, expected a path of a TOML file "
            f"or one of {', '.join(cell_names())}{did_you_mean(str(name_or_path), cell_names())}"
        )
    try:
        return CellFile.model_validate(read_toml(path)), path
    except ValidationError as error:
        raise refused(error, CellFile, where=str(path), places={}) from None
