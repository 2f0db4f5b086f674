import numpy as np
import pytest

from slit.errors import SlitError
from tests.scenario.files import Files

SHAPE = "class,hour,rate\n" + "\n".join(
    f"{k},{h},{1 + (h == 12) * (k == 'chat')}" for k in ("chat", "code") for h in range(24)
)
VOLUMES = """
volumes = [
  { origin = "europe", class = "chat", requests_per_day = 2500, prompt = 100, output = 10 },
  { origin = "america", class = "code", requests_per_day = 2400, prompt = 200, output = 20 },
]
"""


def typical(files: Files, *, resample: str = "sum", volumes: str = VOLUMES) -> Files:
    files.replace_section(
        "[demand]",
        "# --- where it may",
        f'[demand]\nkind = "typical"\nfile = "shape.csv"\nresample = "{resample}"\n{volumes}\n',
    )
    return files.write("shape.csv", SHAPE)


def test_a_typical_day_follows_the_local_hour(files: Files) -> None:
    demand = typical(files).load().demand
    chat = demand.requests[:, 0, 0]
    assert chat[11] == pytest.approx(200)  # noon in UTC+1
    assert np.delete(chat, 11) == pytest.approx(np.full(23, 100.0))
    assert demand.requests[:, 1, 1] == pytest.approx(np.full(24, 100.0))
    assert demand.requests[:, 1, 0].tolist() == [0.0] * 24
    assert demand.prompt[:, 0, 0] == pytest.approx(np.full(24, 100.0))


def test_half_hour_zones_split_hours(files: Files) -> None:
    files.replace("utc_offset_h = 1", "utc_offset_h = 5.5")
    demand = typical(files).load().demand
    assert demand.requests[5:9, 0, 0] == pytest.approx([100, 150, 150, 100])
    assert demand.requests[:, 0, 0].sum() == pytest.approx(2500)


def test_half_hour_zones_need_a_word_on_resampling(files: Files) -> None:
    files.replace("utc_offset_h = 1", "utc_offset_h = 5.5")
    typical(files).replace('resample = "sum"', "")
    with pytest.raises(SlitError, match="demand: no resample, expected resample = sum"):
        files.load()


def test_lengths_by_hour_from_the_shape(files: Files) -> None:
    shape = SHAPE.splitlines()
    rows = [f"{row},{row.split(',')[1]}" for row in shape[1:]]
    typical(files, volumes=VOLUMES.replace(", prompt = 100", ""))
    files.write("shape.csv", "\n".join([f"{shape[0]},prompt", *rows]))
    assert files.load().demand.prompt[:3, 0, 0].tolist() == pytest.approx([1, 2, 3])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("chat,7,1", "chat,6,1", "hours of class 'chat': 24 rows, expected one for each local"),
        ("chat,7,1", "chat,7,-1", r"shape.csv:9: rate: -1, expected a number >= 0"),
        ("chat,7,1", "prose,7,1", "hours of class 'chat': 23 rows"),
    ],
)
def test_mistakes_in_the_shape(files: Files, old: str, new: str, expected: str) -> None:
    typical(files).replace(old, new, file="shape.csv")
    with pytest.raises(SlitError, match=expected):
        files.load()


def test_missing_lengths(files: Files) -> None:
    typical(files, volumes=VOLUMES.replace(", output = 20", ""))
    with pytest.raises(SlitError, match=r"demand.volumes\[1\].output: missing, expected mean outp"):
        files.load()


def groups(files: Files, *groups: str) -> Files:
    files.replace_section(
        "[demand]",
        "# --- where it may",
        '[demand]\nkind = "groups"\n'
        + "".join(f"[[demand.groups]]\n{group}\n" for group in groups),
    )
    return files


FLAT = 'origin = "europe"\nclass = "chat"\nrequests = 5\nprompt = 10\noutput = 1'


def test_groups_written_out(files: Files) -> None:
    many = ", ".join(str(t) for t in range(24))
    other = FLAT.replace("requests = 5", f"requests = [{many}]").replace("europe", "america")
    demand = groups(files, FLAT, other).load().demand
    assert demand.requests[:, 0, 0].tolist() == [5] * 24
    assert demand.requests[:, 1, 0].tolist() == list(range(24))
    assert demand.prompt[0, 1, 0] == 0  # no requests, no tokens
    assert demand.prompt[1, 1, 0] == 10


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("5", "[1, 2]", r"demand.groups\[0\].requests: 2 figures, expected one, or one an epoch"),
        ("5", "-5", r"demand.groups\[0\].requests: -5, expected a number >= 0"),
        ("5", "nan", r"demand.groups\[0\].requests: nan, expected a finite number"),
        ("europe", "asia", r"demand.groups\[0\]: origin 'asia', expected one of europe, america"),
        ("chat", "prose", r"demand.groups\[0\]: class 'prose', expected one of chat, code"),
        ('"chat"', '"chat"\nmodel = 1', r"demand.groups\[0\].model: unknown field, expected one o"),
    ],
)
def test_mistakes_in_groups(files: Files, old: str, new: str, expected: str) -> None:
    groups(files, FLAT.replace(old, new))
    with pytest.raises(SlitError, match=expected):
        files.load()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("03,", "24,", r"by.csv:\d+: epoch: 24, expected a whole number from 0 to 23"),
        ("03,", "3.5,", r"by.csv:\d+: epoch: 3.5, expected a whole number"),
        ("03,", "02,", r"by.csv:\d+: epoch 2 after 2, expected ascending, distinct epochs for"),
    ],
)
def test_mistakes_in_epoch_numbers(files: Files, old: str, new: str, expected: str) -> None:
    text = (files.folder / "demand.csv").read_text(encoding="utf-8")
    files.write(
        "by.csv", text.replace("utc,", "epoch,").replace("2024-03-20T", "").replace(":00,", ",")
    )
    files.replace('"demand.csv"', '"by.csv"')
    files.replace('time = "utc"\nzone = "UTC"        #', 'epoch = "epoch" #')
    files.load()
    files.replace(f"\n{old}", f"\n{new}", file="by.csv")
    with pytest.raises(SlitError, match=expected):
        files.load()
