"""What each request costs over the whole chain, as coefficients that kernels read."""

import numpy as np

from operators.types import Bools, Floats
from slit.errors import SlitError
from slit.papers.aolo import kernels
from slit.papers.aolo.requests import CellDay, Requests, signal_over_noise
from slit.papers.aolo.stations import STATIONS

JOULES_PER_KWH = 3.6e6
SECONDS_PER_HOUR = 3600.0


def coefficients(day: CellDay, requests: Requests) -> Floats:
    """C (S, 18) of the requests, columns as in `kernels`.

    A request answers for the node's power while it is read and written at the node's batch, and for
    the station's sector while it is on air.
    """
    C = np.zeros((len(requests), kernels.COLUMNS))
    snr = signal_over_noise(day, requests)
    for n in range(len(day.file.users)):
        own = requests.group == n
        C[own] = _of_group(day, requests, snr, n, own)
    return C


def _of_group(day: CellDay, requests: Requests, snr: Floats, n: int, own: Bools) -> Floats:
    file, service = day.file, day.service
    user = file.users[n]
    cell = next(each for each in file.cells if each.name == user.cell)
    kind = next(each for each in file.classes if each.name == user.request_class)
    station, node, chain = STATIONS[cell.station], file.node, file.chain
    prompt, hertz = requests.prompt[own], cell.bandwidth_mhz * 1e6
    carbon = day.carbon[requests.epoch[own]] / JOULES_PER_KWH  # kg CO2e/J
    transceivers = station.transceivers / station.sectors
    static_kg = carbon * transceivers * station.static_w * chain.static_share
    node_kg = 0.0  # kg CO2e/s, embodied
    if chain.embodied:
        node_kg = node.embodied_kg / (node.lifetime_hours * SECONDS_PER_HOUR)
        lifetime = cell.lifetime_hours * SECONDS_PER_HOUR
        static_kg = static_kg + cell.embodied_kg / (lifetime * station.sectors)
    uplink = np.log2(1 + snr[own] / transceivers * cell.device_w) * hertz
    uplink_s = prompt * kind.prompt_bits_per_token / uplink
    read_s, write_s = service.node_seconds(prompt, 1.0, float(node.batch))
    C = np.zeros((len(prompt), kernels.COLUMNS))
    C[:, kernels.FIXED_S] = uplink_s + service.prefill_seconds(prompt)
    C[:, kernels.TOKEN_S] = service.step_seconds(float(node.batch))
    C[:, kernels.FIXED_KG] = read_s * (carbon * node.pue * service.prefill_w + node_kg)
    C[:, kernels.TOKEN_KG] = write_s * (carbon * node.pue * service.decode_w + node_kg)
    C[:, kernels.UPLINK_KG] = uplink_s * static_kg
    C[:, kernels.BITS] = kind.bits_per_token
    C[:, kernels.HERTZ] = hertz
    C[:, kernels.SNR] = snr[own]
    C[:, kernels.STATIC_KG] = static_kg
    C[:, kernels.SLOPE_KG] = carbon * transceivers * station.slope
    C[:, kernels.LOW_W] = cell.most_w * cell.least_power_share
    C[:, kernels.HIGH_W] = cell.most_w
    C[:, kernels.DEADLINE_S] = kind.deadline_s
    C[:, kernels.LEAST_QUALITY] = kind.least_quality
    C[:, kernels.LENGTH_WEIGHT] = kind.length_weight
    C[:, kernels.LENGTH_SCALE] = kind.length_scale
    C[:, kernels.WANTED] = requests.wanted[own]
    C[:, kernels.LONGEST] = kind.longest_tokens
    return C


def refuse_impossible(day: CellDay) -> None:
    """Raise SlitError where a group cannot be served even from nearest the antenna, without fading,
    at full power, for prompts and answers of mean length."""
    users = day.file.users
    classes = {each.name: each for each in day.file.classes}
    kinds = [classes[user.request_class] for user in users]
    nearest = Requests(
        epoch=np.zeros(len(users), np.int64),
        group=np.arange(len(users)),
        prompt=np.array([kind.prompt_tokens for kind in kinds]),
        wanted=np.array([kind.wanted_tokens for kind in kinds]),
        distance_m=np.array([user.nearest_m for user in users]),
        fading=np.ones(len(users)),
    )
    for user, kind, row in zip(users, kinds, coefficients(day, nearest), strict=True):
        one = row[kernels.FIXED_S] + row[kernels.TOKEN_S]
        one += kernels.air_seconds(row, 1.0, row[kernels.HIGH_W])
        if one > kind.deadline_s:
            raise SlitError(
                f"users.{user.name}: deadline {kind.deadline_s:g} s, expected at least {one:.3g} s "
                f"(one token at full power from {user.nearest_m:g} m is "
                f"{one - kind.deadline_s:.3g} s late)"
            )
        weight, longest = kind.length_weight, float(kind.longest_tokens)
        most = weight * kernels.length_quality(row, longest) + (1 - weight)
        if kind.least_quality > most:
            raise SlitError(
                f"classes.{kind.name}: least_quality {kind.least_quality:g}, expected at most "
                f"{most:.3g} (quality of the longest answer, {kind.longest_tokens} tokens, without "
                "any delay)"
            )
