import numpy as np
import pytest

from slit.errors import SlitError
from slit.scenario.demand_schema import Lengths, Stream
from slit.scenario.load import load_scenario
from slit.scenario.scenario import Scenario
from slit.scenario.traces import ALIGNED, ALWAYS
from slit.sources.trace_formats import FORMATS
from tests.scenario.files import Files, check_scenario


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


def test_lengths_are_the_mean_of_all_requests_however_long_a_bin_was_recorded(
    files: Files,
) -> None:
    seconds = [*range(0, 600, 60), *range(600, 900, 30)]  # 5 of the 10 minutes of the second bin
    rows = [f"2023-11-16 18:{t // 60:02}:{t % 60:02},{100 if t < 600 else 300},10" for t in seconds]
    head = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    files.write("azure.csv", head + "\n".join(rows) + "\n")
    stream = SERVEGEN.replace(
        "prompt = 100\noutput = 10\n",
        'lengths = { file = "azure.csv", format = "azure", zone = "UTC" }\n',
    )
    demand = streams(files, stream).write("rates.csv", rates()).load().demand
    assert demand.prompt[:, 0, 0] == pytest.approx(np.full(24, 200.0))


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
        ("scale = 100", 'scale = 100\nlengths = "a.csv"', "no lengths_format, expected it with"),
        ("scale = 100", 'scale = 100\nlengths_format = "log"', "lengths_format, expected it with"),
        (
            "scale = 100",
            'scale = 100\nlengths = { file = "a.csv", format = "log" }',
            "lengths, prompt and output given, expected only what is used",
        ),
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


LOCAL = 'format = "azure"\nfile = "azure.csv"\nscale = 1\n'


def log_from(begin: str, *, hours: int = 48, busy: int = 15, offset: str = "") -> str:
    """One request each 5 minutes, 60 in the busy hour of the day as the stamps write it."""
    first = np.datetime64(begin, "m")
    rows = []
    for minute in range(hours * 60):
        stamp = first + np.timedelta64(minute, "m")
        hour = int((stamp - stamp.astype("datetime64[D]")) / np.timedelta64(1, "h"))
        if hour == busy or minute % 5 == 0:
            rows.append(f"{stamp}:00{offset},100,10".replace("T", " "))
    return "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (log_from("2024-03-18T09:00"), 'zone = "UTC"'),
        (log_from("2024-03-18T09:00"), 'zone = "Asia/Tokyo"'),
        (log_from("2024-03-18T09:00", offset="+09:00"), ""),
        (log_from("2024-03-18T00:00", busy=6, offset="Z"), 'zone = "Asia/Tokyo"'),
    ],
)
def test_a_trace_with_a_calendar_keeps_its_hours_of_the_day(
    files: Files, text: str, stated: str
) -> None:
    streams(files, LOCAL + stated).write("azure.csv", text)
    requests = files.load().demand.requests[:, :, 0]
    # Europe is UTC+1, America UTC-3: 15 o'clock is 14 and 18 UTC. 60 by 3 : 1 are 45 and 15.
    assert requests[:, 0].argmax() == 14
    assert requests[:, 1].argmax() == 18
    assert requests[14, 0] == pytest.approx(45, abs=10)
    found = [str(f) for f in check_scenario(files.path) if "hours of the day" in f.found]
    assert len(found) == 1


def test_days_of_a_calendar_are_its_own_dates(files: Files) -> None:
    days = [
        log_from(f"2024-03-{day}T00:00", hours=24, busy=busy).splitlines()
        for day, busy in ((19, 3), (20, 15))
    ]
    text = "\n".join([*days[0], *days[1][1:]])
    stream = LOCAL + 'zone = "UTC"'
    demand = streams(files, stream).replace("anchor = 2024-03-20\n", "")
    demand.write("azure.csv", text)
    assert files.load().demand.requests[:, 0, 0].argmax() == 14  # the 20th is the 20th
    files.replace("seed = 1", "seed = 1\nanchor = 2024-03-20")  # stated: day 0 is the 20th
    assert files.load().demand.requests[:, 0, 0].argmax() == 2


def test_a_start_gives_hours_of_the_day(files: Files) -> None:
    stream = SERVEGEN.replace("quiet_hour = 4", 'start = "2024-03-20T06:00+09:00"')
    # Quiet in the hour that begins 9 h after time zero: 15 o'clock in Japan, so everywhere.
    requests = streams(files, stream).write("rates.csv", rates()).load().demand.requests[:, :, 0]
    assert requests[14, 0] == pytest.approx(0.5 * requests[13, 0], rel=0.05)
    assert requests[18, 1] == pytest.approx(0.5 * requests[17, 1], rel=0.05)


def test_a_quiet_end_is_stated_or_refused(files: Files) -> None:
    stream = LOCAL + 'zone = "UTC"\nalign = "calendar"\n'
    text = log_from("2024-03-20T00:00", hours=20)
    streams(files, stream).write("azure.csv", text)
    with pytest.raises(SlitError, match=r"T20:00Z, expected the whole horizon, .*recorded"):
        files.load()
    files.replace('align = "calendar"', 'align = "calendar"\nrecorded_to = 2024-03-21T00:00:00Z')
    total = files.load().demand.requests.sum(axis=(1, 2))
    assert total.tolist() == [12] * 15 + [60] + [12] * 4 + [0] * 4


def test_only_requests_of_the_model(files: Files) -> None:
    rows = [
        f"2024-03-20 {h:02d}:{m:02d}:00Z,{'a' if m % 3 else 'b'},100,10"
        for h in range(24)
        for m in range(60)
    ]
    stream = LOCAL + 'align = "calendar"\nmodel = "b"'
    streams(files, stream).write(
        "azure.csv", "TIMESTAMP,Model,ContextTokens,GeneratedTokens\n" + "\n".join(rows)
    )
    assert files.load().demand.requests.sum(axis=(1, 2)).tolist() == [20] * 24
    files.replace('model = "b"', 'where = { Model = ["a", "b"] }')
    assert files.load().demand.requests.sum(axis=(1, 2)).tolist() == [60] * 24


STATED = {
    "columns": '{ time = "t" }',
    "where": '{ kind = "x" }',
    "model": '"m"',
    "zone": '"UTC"',
    "time_unit": '"ms"',
    "bin_seconds": "300",
    "recorded_from": "0.0",
    "recorded_to": "7200.0",
    "without_output": '"count"',
    "start": '"2024-03-20T00:00Z"',
    "quiet_hour": "4",
    "fill_zeros": "true",
}
"""Each field that not every format uses."""


def test_every_field_is_used_by_all_or_by_some() -> None:
    used = frozenset[str]().union(*(known.takes for known in FORMATS.values()), *ALIGNED.values())
    assert set(STATED) == used
    assert used | ALWAYS == set(Stream.model_fields)
    assert set(Lengths.model_fields) <= used | ALWAYS


@pytest.mark.parametrize("field", STATED)
@pytest.mark.parametrize("align", ALIGNED)
@pytest.mark.parametrize("name", FORMATS)
def test_a_field_that_a_format_does_not_use_is_refused(
    files: Files, name: str, align: str, field: str
) -> None:
    if field in FORMATS[name].takes | ALIGNED[align]:
        return
    stream = f'format = "{name}"\nfile = "log.csv"\nscale = 1\nalign = "{align}"\n'
    streams(files, f"{stream}{field} = {STATED[field]}").write("log.csv", "")
    with pytest.raises(SlitError, match=rf"streams\[0\]: {field}: .*, expected none \(format = "):
        files.load()


@pytest.mark.parametrize("field", ["columns", "model", "zone", "time_unit"])
def test_a_field_of_lengths_that_a_format_does_not_use_is_refused(files: Files, field: str) -> None:
    unused = {name for name, known in FORMATS.items() if field not in known.takes}
    stream = SERVEGEN.replace("prompt = 100\noutput = 10\n", "")
    for name in sorted(unused):
        lengths = f'{{ format = "{name}", file = "l.csv", {field} = {STATED[field]} }}'
        streams(files, f"{stream}lengths = {lengths}").write("rates.csv", rates())
        with pytest.raises(SlitError, match=rf"lengths.{field}: .*, expected none \(format = "):
            files.load()


def test_lengths_of_a_log_with_columns_of_its_own(files: Files) -> None:
    stream = SERVEGEN.replace("prompt = 100\noutput = 10\n", "") + (
        'lengths = { format = "log", file = "log.csv", zone = "UTC", model = "a", columns = '
        '{ time = "at", prompt = "in", output = "out", model = "who" } }\n'
    )
    streams(files, stream).write("rates.csv", rates())
    files.write(
        "log.csv",
        "at,who,in,out\n2024-01-01 00:00,a,100,10\n2024-01-01 00:01,b,900,90\n"
        "2024-01-01 00:02,a,300,30\n",
    )
    demand = files.load().demand
    assert demand.prompt[:, 0, 0] == pytest.approx(np.full(24, 200.0))
    assert demand.output[:, 0, 0] == pytest.approx(np.full(24, 20.0))


def test_check_says_what_was_left_out_and_scaled(files: Files) -> None:
    text = log_from("2024-03-20T00:20", hours=24) + "2024-03-20 12:00:01,100,0\n"
    stream = LOCAL + 'zone = "UTC"\nalign = "calendar"\nbin_seconds = 3600\n'
    streams(files, stream).write("azure.csv", text)
    files.replace("epochs = 24\n", "epochs = 23\n")
    found = [str(finding) for finding in check_scenario(files.path)]
    assert any("1 requests without output tokens (failed) left out" in text for text in found)


def test_a_zone_without_effect_is_said(files: Files) -> None:
    text = log_from("2024-03-20T00:00", hours=24, offset="Z")
    stream = LOCAL + 'zone = "Europe/Berlin"\nalign = "calendar"'
    streams(files, stream).write("azure.csv", text)
    found = [str(finding) for finding in check_scenario(files.path)]
    assert any("zone Europe/Berlin has no effect" in text for text in found)
