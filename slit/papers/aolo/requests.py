"""A day of requests over the air: who asks when, from where, for what."""

from dataclasses import dataclass
from os import PathLike

import numpy as np
from scipy.stats import ncx2

from operators.types import Floats, Longs
from slit.errors import SlitError, did_you_mean
from slit.papers.aolo.cell_file import (
    AnswerClass,
    Cell,
    CellFile,
    Fading,
    FadingKind,
    ServingNode,
    UserGroup,
    read_cell_file,
)
from slit.papers.aolo.stations import STATIONS, path_loss_db, snr_per_watt
from slit.scenario.fit import service_model
from slit.scenario.limits import LIMITS
from slit.scenario.load import load_scenario
from slit.scenario.resampling import clock_of
from slit.scenario.series import SeriesReader
from slit.scenario.table_files import Tables, folders_of
from slit.service import ServiceModel


@dataclass(frozen=True, slots=True, eq=False)
class CellDay:
    """A cell-day as read: the file, the node's figures, carbon intensity (T,) in kg CO2e/kWh."""

    file: CellFile
    service: ServiceModel
    carbon: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Requests in the order of groups and epochs; arrays (S,)."""

    epoch: Longs
    group: Longs  # index of users
    prompt: Floats  # tokens
    wanted: Floats  # tokens
    distance_m: Floats
    fading: Floats  # power of the channel over its mean, as the station knows it

    def __len__(self) -> int:
        return len(self.epoch)


def load_cell_day(name_or_path: str | PathLike[str]) -> CellDay:
    """A built-in cell-day or that of a file.

    Raises:
        SlitError: a mistake in the file, or in what it refers to.
    """
    file, path = read_cell_file(name_or_path)
    reader = SeriesReader(Tables(path.parent, folders_of({}, path.parent)), clock_of(file.horizon))
    try:
        carbon = reader.read(file.carbon, LIMITS["carbon"], site={}).values
    except SlitError as error:
        raise SlitError(f"{path}: carbon: {error}") from None
    return CellDay(file, _service(file.node), carbon)


def _service(node: ServingNode) -> ServiceModel:
    if node.scenario is None:
        assert node.prefill_tokens_per_s is not None
        assert node.step_slope_s is not None
        assert node.prefill_w is not None
        assert node.decode_w is not None
        return ServiceModel(
            replicas=node.replicas,
            prefill_rate=node.prefill_tokens_per_s,
            prefill_fixed_s=node.prefill_fixed_s,
            prefill_slope_s=node.prefill_slope_s,
            step_fixed_s=node.step_fixed_s,
            step_slope_s=node.step_slope_s,
            idle_w=node.idle_w,
            prefill_w=node.prefill_w,
            decode_w=node.decode_w,
        )
    scenario = load_scenario(node.scenario)
    pairs = [(each.node_type, each.variant) for each in scenario.services]
    wanted = (node.node_type, node.variant)
    if wanted not in pairs:
        names = [" ".join(pair) for pair in pairs]
        found = " ".join(map(str, wanted))
        raise SlitError(
            f"node: {found!r} is no service of {node.scenario}, expected one of {', '.join(names)} "
            f"(node_type and variant){did_you_mean(found, names)}"
        )
    types = {each.name: each for each in scenario.node_types}
    service = scenario.services[pairs.index(wanted)]
    return service_model(types[service.node_type], service)


def draw_requests(day: CellDay, rng: np.random.Generator) -> Requests:
    """The requests of a day; those of a group do not depend on which other groups there are."""
    file = day.file
    classes = {each.name: each for each in file.classes}
    cells = {each.name: each for each in file.cells}
    drawn = [
        _group(n, user, cells[user.cell], classes[user.request_class], file.horizon.epochs, own)
        for n, (user, own) in enumerate(zip(file.users, rng.spawn(len(file.users)), strict=True))
    ]
    return Requests(*(np.concatenate(parts) for parts in zip(*drawn, strict=True)))


def _group(
    number: int,
    user: UserGroup,
    cell: Cell,
    kind: AnswerClass,
    epochs: int,
    rng: np.random.Generator,
) -> tuple[Longs, Longs, Floats, Floats, Floats, Floats]:
    # Rounded down in total, not by epoch: 0.5 an epoch is one in every second epoch.
    ends = np.floor(np.cumsum(np.broadcast_to(user.requests, epochs)) + 1e-9).astype(np.int64)
    epoch = np.repeat(np.arange(epochs), np.diff(ends, prepend=0))
    count = len(epoch)
    area = rng.uniform(user.nearest_m**2, user.farthest_m**2, count)
    prompt, wanted = (
        _lengths(mean, kind.spread, count, rng) for mean in (kind.prompt_tokens, kind.wanted_tokens)
    )
    fading = _fading(user.fading, cell.outage, count, rng)
    return epoch, np.full(count, number), prompt, wanted, np.sqrt(area), fading


def _lengths(mean: float, spread: float, count: int, rng: np.random.Generator) -> Floats:
    """Lognormal with a mean and a squared coefficient of variation, at least 1 token."""
    sigma = np.sqrt(np.log1p(spread))
    drawn = mean * np.exp(sigma * rng.standard_normal(count) - sigma**2 / 2)
    return np.asarray(np.maximum(1.0, drawn))


def _fading(fading: Fading, outage: float, count: int, rng: np.random.Generator) -> Floats:
    if fading.kind is FadingKind.NONE:
        return np.ones(count)
    direct = 10 ** (fading.k_factor_db / 10) if fading.kind is FadingKind.RICIAN else 0.0
    if outage > 0:  # |h|^2 * 2 (K + 1) is chi-square with 2 degrees of freedom, noncentral by 2 K
        quantile = float(ncx2.ppf(outage, 2, 2 * direct)) / (2 * (direct + 1))
        return np.full(count, quantile)
    parts = rng.standard_normal((2, count)) / np.sqrt(2 * (direct + 1))
    return np.asarray((np.sqrt(direct / (direct + 1)) + parts[0]) ** 2 + parts[1] ** 2)


def signal_over_noise(day: CellDay, requests: Requests) -> Floats:
    """(S,): signal over noise for each W of output of a transceiver of the user's sector."""
    snr = np.zeros(len(requests))
    cells = {each.name: each for each in day.file.cells}
    for n, user in enumerate(day.file.users):
        cell, own = cells[user.cell], requests.group == n
        loss = path_loss_db(
            cell.path_loss,
            requests.distance_m[own],
            carrier_ghz=cell.carrier_ghz,
            line_of_sight=cell.line_of_sight,
        )
        watt = snr_per_watt(
            loss,
            antenna_gain_db=cell.antenna_gain_db,
            noise_figure_db=cell.noise_figure_db,
            bandwidth_hz=cell.bandwidth_mhz * 1e6,
        )
        station = STATIONS[cell.station]
        snr[own] = watt * requests.fading[own] * (station.transceivers / station.sectors)
    return snr
