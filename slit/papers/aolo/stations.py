"""Base stations and radio channels, from published models."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from operators.types import Floats

NOISE_W_PER_HZ = 1.380649e-23 * 290.0
"""Thermal noise at 290 K (k T), W/Hz."""

LIGHT_M_PER_S = 299_792_458.0


class StationClass(StrEnum):
    """Kinds of base stations."""

    MACRO = "macro"
    RRH = "rrh"
    MICRO = "micro"
    PICO = "pico"
    FEMTO = "femto"


@dataclass(frozen=True, slots=True)
class Station:
    """What a base station draws: transceivers * (static_w + slope * output) while it sends.

    Source: EARTH, Auer et al. 2011, "How much energy is needed to run a wireless network?".
    """

    transceivers: int  # of the whole site
    sectors: int  # that the transceivers are spread over
    most_w: float  # W: output of one transceiver
    static_w: float  # W: input of one transceiver at no output
    slope: float  # W of input for each W of output


STATIONS = {
    StationClass.MACRO: Station(6, 3, 20.0, 130.0, 4.7),
    StationClass.RRH: Station(6, 3, 20.0, 84.0, 2.8),
    StationClass.MICRO: Station(2, 1, 6.3, 56.0, 2.6),
    StationClass.PICO: Station(2, 1, 0.13, 6.8, 4.0),
    StationClass.FEMTO: Station(2, 1, 0.05, 4.8, 8.0),
}


class PathLoss(StrEnum):
    """How a signal fades with distance: 3GPP TR 38.901 table 7.4.1-1, and free space (Friis)."""

    URBAN_MACRO = "urban_macro"
    URBAN_MICRO = "urban_micro"
    INDOOR = "indoor"
    FREE_SPACE = "free_space"


def path_loss_db(
    kind: PathLoss, distance_m: Floats, *, carrier_ghz: float, line_of_sight: bool
) -> Floats:
    """Loss between the antennas of station and device, dB; shape as `distance_m`.

    With a line of sight that of distances below the breakpoint; without one never less than with
    it, for a device 1.5 m above the ground, as the report states.
    """
    log_d, log_f = np.log10(distance_m), math.log10(carrier_ghz)
    if kind is PathLoss.FREE_SPACE:
        wave = LIGHT_M_PER_S / (carrier_ghz * 1e9)
        return np.asarray(20 * np.log10(4 * math.pi * distance_m / wave))
    seen, hidden = {
        PathLoss.URBAN_MACRO: (
            28.0 + 22.0 * log_d + 20 * log_f,
            13.54 + 39.08 * log_d + 20 * log_f,
        ),
        PathLoss.URBAN_MICRO: (
            32.4 + 21.0 * log_d + 20 * log_f,
            22.4 + 35.3 * log_d + 21.3 * log_f,
        ),
        PathLoss.INDOOR: (32.4 + 17.3 * log_d + 20 * log_f, 17.3 + 38.3 * log_d + 24.9 * log_f),
    }[kind]
    return np.asarray(seen if line_of_sight else np.maximum(seen, hidden))


def snr_per_watt(
    loss_db: Floats, *, antenna_gain_db: float, noise_figure_db: float, bandwidth_hz: float
) -> Floats:
    """Signal over noise for each W that is radiated, before fading; shape as `loss_db`."""
    noise_w = NOISE_W_PER_HZ * bandwidth_hz
    return np.asarray(10 ** ((antenna_gain_db - noise_figure_db - loss_db) / 10) / noise_w)
