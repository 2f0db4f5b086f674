"""What a GPU can do: memory, bandwidths, operations and watts."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from slit.errors import SlitError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """Peaks of the data sheet, dense (without sparsity); idle and host watts are assumptions."""

    name: str
    memory_bytes: float
    memory_bandwidth: float  # B/s
    bf16_flops: float  # operation/s
    fp8_flops: float  # operation/s; 0 if it has no such units
    fp4_flops: float
    link_bandwidth: float  # B/s to the other GPUs of its node, in one direction
    peak_w: float  # W: the power limit
    idle_w: float
    host_w: float  # W at the plug of the server, a GPU's share of what is not GPU


@cache
def known_gpus() -> dict[str, Gpu]:
    """The GPUs that slit knows, by name."""
    text = (resources.files("slit.predictor") / "tables" / "gpus.csv").read_text()
    found = {}
    for row in csv.DictReader(text.splitlines()):
        name = row.pop("name")
        found[name] = Gpu(name=name, **{key: float(value) for key, value in row.items()})
    return found


def find_gpu(name: str) -> Gpu:
    """A known GPU. Raises SlitError, with the nearest name, if there is none."""
    known = {each.casefold(): gpu for each, gpu in known_gpus().items()}
    found = known.get(name.casefold())
    if found is None:
        raise SlitError(
            f"gpu: {name!r}, expected one of {', '.join(known_gpus())}"
            f"{did_you_mean(name, known_gpus())}"
        )
    return found
