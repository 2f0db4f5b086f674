"""What an allocation costs, computed from the shares alone: the program is not asked.

Equations of the letter as restated in its section on the model; per-request latency is ours.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from operators.types import Floats
from slit.papers.green_llm.instance import Instance

_KILOBIT_PER_KILOBYTE = 8.0
_KILOBIT_PER_MEGABIT = 1000.0


@dataclass(frozen=True, slots=True)
class PaperTotals:
    """Totals over the horizon.

    energy_cost, carbon_cost, delay_penalty (USD) are the letter's E, C and D; carbon_kg (kg CO2e),
    water_l (L), grid_kwh and facility_kwh (kWh). The letter's delay measure multiplies by the
    number of queries and divides kB by Mbit/s: it is no request's latency. latency_mean_s (mean
    over served queries) and latency_max_s (over routes in use) are of one request (s): transfer of
    its tokens, propagation and processing.
    """

    energy_cost: float
    carbon_cost: float
    delay_penalty: float
    carbon_kg: float
    water_l: float
    grid_kwh: float
    facility_kwh: float
    latency_mean_s: float
    latency_max_s: float


def tokens(instance: Instance) -> Floats:
    """Tokens of one query, in and out: n (K,)."""
    total: Floats = instance.tokens_in + instance.tokens_out
    return total


def facility_energy(instance: Instance) -> Floats:
    """Facility energy (I, J, K, T) in kWh if all of an area's queries went to a datacenter (2)."""
    per_query = instance.energy_in * instance.tokens_in + instance.energy_out * instance.tokens_out
    it_energy = per_query[:, None] * instance.demand
    energy: Floats = instance.pue[:, None, None] * it_energy[:, None]
    return energy


def water_factor(instance: Instance) -> Floats:
    """Water (J, T) in L per kWh of facility energy, on site and off site (4)."""
    factor: Floats = instance.wue / instance.pue[:, None] + instance.ewif
    return factor


def delay_measure(instance: Instance) -> Floats:
    """The letter's delay (I, J, K, T) in s if all of an area's queries went to a datacenter (6)."""
    sent = tokens(instance)[:, None] * instance.demand
    transfer = (instance.token_size * sent)[:, None] / instance.bandwidth[:, :, None, None]
    processing = instance.processing[:, :, None] * sent[:, None]
    measure: Floats = transfer + instance.propagation[:, :, None, None] + processing
    return measure


def request_latency(instance: Instance) -> Floats:
    """Latency of one request (I, J, K, T) in s: 8 bit a byte, 1000 kbit a Mbit (ours)."""
    count = tokens(instance)
    kilobit = instance.token_size * count[:, None] * _KILOBIT_PER_KILOBYTE
    rate = instance.bandwidth * _KILOBIT_PER_MEGABIT
    latency: Floats = (
        kilobit[:, None] / rate[:, :, None, None]
        + instance.propagation[:, :, None, None]
        + (instance.processing * count)[:, :, None]
    )
    return latency


def measure(instance: Instance, shares: Floats, grid: Floats) -> PaperTotals:
    """Totals of shares (I, J, K, T) of the queries and grid energy (J, T) in kWh."""
    energy = np.einsum("ijkt,ijkt->jt", facility_energy(instance), shares)
    delay = np.einsum("ijkt,ijkt->k", delay_measure(instance), shares)
    queries = shares * instance.demand[:, None]
    served, latency = float(queries.sum()), request_latency(instance)
    emissions = instance.carbon_intensity * grid
    used = (shares > USED_SHARE) & (queries > 0)
    return PaperTotals(
        energy_cost=float((instance.price * grid).sum()),
        carbon_cost=float((instance.carbon_tax[:, None] * emissions).sum()),
        delay_penalty=float(instance.delay_price @ delay),
        carbon_kg=float(emissions.sum()),
        water_l=float((water_factor(instance) * energy).sum()),
        grid_kwh=float(grid.sum()),
        facility_kwh=float(energy.sum()),
        latency_mean_s=float((queries * latency).sum()) / served if served else float("nan"),
        latency_max_s=float(latency[used].max()) if used.any() else float("nan"),
    )


USED_SHARE = 1e-6
"""Shares up to this one are rounding of the solver, not routes in use."""


def allocation_table(instance: Instance, shares: Floats) -> pd.DataFrame:
    """The routes in use, one a row: area, datacenter, query_type, hour, share, queries,
    facility_kwh and latency_s (of one request), sorted by area, query type, hour, datacenter."""
    places = np.argwhere((shares > USED_SHARE).transpose(0, 2, 3, 1))
    area, kind, hour, datacenter = places.T
    at = (area, datacenter, kind, hour)
    share = shares[at]
    names = {letter: np.array(words) for letter, words in instance.names.items()}
    return pd.DataFrame(
        {
            "area": names["I"][area],
            "datacenter": names["J"][datacenter],
            "query_type": names["K"][kind],
            "hour": names["T"][hour],
            "share": share,
            "queries": share * instance.demand[area, kind, hour],
            "facility_kwh": share * facility_energy(instance)[at],
            "latency_s": request_latency(instance)[at],
        }
    )
