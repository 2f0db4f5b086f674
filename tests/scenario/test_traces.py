import numpy as np
import pytest

from slit.errors import SlitError
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from tests.scenario.files import Files


def rates(days: int = 2, *, quiet: int = 9, zero: int | None = None) -> str:
    """Requests per second by ten minutes: day number + 1, half of it in the quiet hour."""
    rows = []
    for b in range(days * 144):
        rate = (b // 144 + 1) * (0.5 if b % 144 // 6 == quiet else 1.0)
        rows.append(f"{b * 600},{0 if b == zero else rate}")
    return "t_s,m\n" + "\n".join(rows) + "\n"


def streams(files: Files, stream: str, *, options: str = "") -> Files:
    files.replace_section(
        "[demand]",
        "# --- where it may",
        '[demand]\nkind = "trace"\nseed = 1\nresample = "sum"\nanchor = 2024-03-20\n'
        f"origins = {{ europe = 3, america = 1 }}\n{options}\n"
        f'[[demand.streams]]\nclass = "chat"\n{stream}\n\n',
    )
    return files


SERVEGEN = (
    'format = "servegen"\nfile = "rates.csv"\nmodel = "m"\nprompt = 100\noutput = 10\n'
    "quiet_hour = 4\nscale = 100\n"
)


def test_the_quiet_hour_is_put_on_local_time(files: Files) -> None:
    demand = streams(files, SERVEGEN).write("rates.csv", rates()).load().demand
    # Europe is UTC+1: 04 local is 03 UTC; America UTC-3: 07 UTC. Day 0 has 3,600 * 100 an hour.
    for o, share, quiet in ((0, 0.75, 3), (1, 0.25, 7)):
        requests = demand.requests[:, o, 0]
        assert requests[quiet] == pytest.approx(share * 180_000, rel=0.03)
        assert requests[quiet + 1] == pytest.approx(share * 360_000, rel=0.03)
    assert demand.requests[:, :, 1].sum() == 0
    assert demand.prompt[0, 0, 0] == pytest.approx(100)


def test_days_repeat_from_the_anchor(files: Files) -> None:
    streams(files, SERVEGEN).write("rates.csv", rates())
    # The trace of quiet hour 9 begins at 19:00 of the day before: day 1 from 19:00 local on.
    day = [load(files, f"2024-03-{d}").demand.requests[12].sum() for d in (20, 21, 22)]
    assert day[1] == pytest.approx(2 * day[0], rel=0.03)
    assert day[2] == pytest.approx(day[0], rel=0.03)


def load(files: Files, start: str) -> Scenario:
    """Load with constant signals, so that any day will do."""
    for name, unit in (("carbon", "g/kWh"), ("price", "USD/MWh")):
        if f"[signals.{name}]\nfile" in files.text:
            files.replace_section(
                f"[signals.{name}]",
                "[signals.price]" if name == "carbon" else "[[pools]]",
                f'[signals.{name}]\nvalue = 100\nunit = "{unit}"\n\n',
            )
    return load_scenario(files.path, start=start)


def test_requests_are_whole_and_drawn_with_a_seed(files: Files) -> None:
    streams(files, SERVEGEN).write("rates.csv", rates())
    first, again = files.load().demand.requests, files.load().demand.requests
    assert np.array_equal(first, again)
    assert np.array_equal(first, np.round(first))
    other = files.replace("seed = 1", "seed = 2").load().demand.requests
    assert not np.array_equal(first, other)
    # Only the split over origins is drawn: the number of requests of an hour is not.
    assert np.array_equal(first.sum(axis=1), other.sum(axis=1))


def test_requests_per_day(files: Files) -> None:
    stream = SERVEGEN.replace("scale = 100", "requests_per_day = 1e6").replace("quiet_hour = 4", "")
    demand = streams(files, stream).write("rates.csv", rates(days=1)).load().demand
    assert demand.requests.sum() == pytest.approx(1e6, abs=24)


def test_gaps_of_the_recording_are_filled_when_told(files: Files) -> None:
    streams(files, SERVEGEN).write("rates.csv", rates(zero=60))
    without = files.load().demand.requests.sum()
    filled = files.replace("quiet_hour = 4", "quiet_hour = 4\nfill_zeros = true").load()
    # The bin of day 0 is filled from the mean over days, here day 1 alone: 2 * 600 * 100, within
    # the time that the two origins see of day 0.
    assert filled.demand.requests.sum() - without == pytest.approx(120_000, abs=50)


def test_lengths_of_another_trace(files: Files) -> None:
    stream = SERVEGEN.replace("prompt = 100\noutput = 10\n", "")
    streams(files, stream).write("rates.csv", rates())
    with pytest.raises(SlitError, match=r"demand.streams\[0\]: no prompt lengths in the trace"):
        files.load()
    files.replace(
        "scale = 100",
        'scale = 100\nlengths = "azure.csv"\nlengths_format = "azure"\nzone = "UTC"\n',
    )
    files.write(
        "azure.csv",
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2023-11-16 18:17:03.9799600,100,10\n2023-11-16 18:47:03.9799600,300,20\n",
    )
    demand = files.load().demand
    assert demand.prompt[:, 0, 0] == pytest.approx(np.full(24, 200.0))
    assert demand.output[:, 0, 0] == pytest.approx(np.full(24, 15.0))


def test_servegen_lengths(files: Files) -> None:
    stream = SERVEGEN.replace("prompt = 100\noutput = 10\n", "")
    streams(files, stream + 'lengths = "lengths.csv"\nlengths_format = "servegen"\n')
    files.write("rates.csv", rates())
    rows = [
        f"m,0,{field},3,0.5,{mean},1,1,1,1,1,1,1,1"
        for field, mean in (("input_tokens", 40), ("output_tokens", 4))
    ]
    files.write(
        "lengths.csv",
        "model,t_s,field,n_clients,rate_share_covered,mean,p05,p10,p25,p50,p75,p90,p95,p99\n"
        + "\n".join(rows),
    )
    demand = files.load().demand
    assert demand.prompt[:, 1, 0] == pytest.approx(np.full(24, 40.0))
    assert demand.output[:, 1, 0] == pytest.approx(np.full(24, 4.0))


AZURE = 'format = "azure"\nfile = "azure.csv"\nalign = "calendar"\nbin_seconds = 900\nscale = 10\n'


def test_a_trace_with_a_calendar_is_meant_as_it_stands(files: Files) -> None:
    rows = [f"2024-03-20 {h:02d}:{m:02d}:30+00:00,{100 + h},10" for h in range(24) for m in (5, 50)]
    streams(files, AZURE).write(
        "azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "\n".join(rows)
    )
    files.replace("epochs = 24\n", "epochs = 23\n")
    demand = files.load().demand
    assert demand.requests[:, :, 0].sum(axis=1).tolist() == [20] * 23
    assert demand.prompt[7].max() == pytest.approx(107)


def test_requests_of_a_burst_trace(files: Files) -> None:
    stream = AZURE.replace("azure", "burstgpt") + 'start = "2024-03-20T00:00Z"\nmodel = "GPT-4"\n'
    rows = [f"{h * 3600 + 10},GPT-4,200,20,220,API log" for h in range(25)]
    streams(files, stream).write(
        "burstgpt.csv",
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n" + "\n".join(rows),
    )
    assert files.load().demand.requests[:, :, 0].sum(axis=1).tolist() == [10] * 24


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("scale = 100", "", "streams.0.: neither given, expected either requests_per_day or scale"),
        ("scale = 100", "scale = 1\nrequests_per_day = 1", "both given, expected either requests"),
        ("europe = 3", "asia = 3", "demand.origins: 'asia', expected one of europe, america"),
        ("europe = 3, america = 1", "europe = 0", "demand.origins: all 0, expected a weight > 0"),
        ('class = "chat"', 'class = "prose"', r"streams\[0\]: class: class 'prose', expected one"),
        ('model = "m"', 'model = "x"', r"model x, expected one of m"),
        ('model = "m"', "", "no model, expected the name of a column of rates"),
        ('"servegen"', '"carrier pigeon"', r"streams\[0\].format: 'carrier pigeon', expected one"),
        ("quiet_hour = 4", 'align = "calendar"', "no calendar time, expected start"),
        ("quiet_hour = 4", "quiet_hour = 24", r"quiet_hour: 24, expected a number < 24"),
        ('"rates.csv"', '"nothing.csv"', "nothing.csv: no such file"),
        ('resample = "sum"\nanchor', "anchor", "no resample, expected resample = sum"),
    ],
)
def test_mistakes(files: Files, old: str, new: str, expected: str) -> None:
    streams(files, SERVEGEN).write("rates.csv", rates()).replace(old, new)
    with pytest.raises(SlitError, match=expected):
        files.load()


def test_an_hour_cannot_stand_for_a_day(files: Files) -> None:
    streams(files, SERVEGEN).write("rates.csv", "\n".join(rates().splitlines()[:7]) + "\n")
    with pytest.raises(SlitError, match="1 h in bins of 600 s, expected whole days"):
        files.load()


def test_an_empty_trace(files: Files) -> None:
    streams(files, AZURE + 'zone = "UTC"\n')
    files.write("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n")
    with pytest.raises(SlitError, match=r"azure.csv: no requests, expected at least one"):
        files.load()
