"""Limits as text: what is read, and how the rest is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slit.errors import SlitError
from slit.objectives import ledger_objective, register
from slit.objectives.limit_text import ResolvedLimit, StatedLimit, read_limit
from slit.objectives.registry import set_apart


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("quality<=0.36", StatedLimit("quality", 0.36)),
        ("  quality  <= 0.36 ", StatedLimit("quality", 0.36)),
        ("carbon≤1.3e3", StatedLimit("carbon", 1300.0)),
        ("carbon<=1300 kg CO2e", StatedLimit("carbon", 1300.0)),
        ("carbon<=1300kg", StatedLimit("carbon", 1300.0)),
        ("cost<=-3.5", StatedLimit("cost", -3.5)),
        ("reroute<=10%", StatedLimit("reroute", 0.1)),
        ("slo_violation <= 2.5 %", StatedLimit("slo_violation", 0.025)),
        ("carbon<=nearest", StatedLimit("carbon", plan="nearest")),
        ("cost<=nearest+5%", StatedLimit("cost", plan="nearest", percent=5.0)),
        ("quality <= splitwise - 2.5 %", StatedLimit("quality", plan="splitwise", percent=-2.5)),
        ("carbon<=round_robin", StatedLimit("carbon", plan="round_robin")),
        ("cost<=105% of nearest", StatedLimit("cost", plan="nearest", percent=5.0)),
        ("quality[class=chat]<=0.3", StatedLimit("quality[class=chat]", 0.3)),
        ("late[class=a=b, after=1.0s]<=5%", StatedLimit("late[after=1,class=a=b]", 0.05)),
        ("requests[datacenter=*] <= 40 %", StatedLimit("requests[datacenter=*]", 0.4)),
        ("ttft_p95<=1.20 s", StatedLimit("ttft_p95", 1.2)),
        ("ttft_p99.9[class=chat]<=2", StatedLimit("ttft_p99.9[class=chat]", 2.0)),
        ("accuracy>=60%", StatedLimit("accuracy", 0.6)),
        ("accuracy[class=a] ≥ best-10%", StatedLimit("accuracy[class=a]", None, "best", -10.0)),
        ("accuracy[class=a]>=90%best", StatedLimit("accuracy[class=a]", None, "best", -10.0)),
        ("energy[datacenter=a]<=40%", StatedLimit("energy[datacenter=a]", 40.0, of_total=True)),
        ("energy[datacenter=a]<=40 kWh", StatedLimit("energy[datacenter=a]", 40.0)),
    ],
)
def test_what_is_read(text: str, limit: StatedLimit) -> None:
    assert read_limit(text) == limit


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quality>=0.6", r"quality>=0\.6': >=, expected <= \(what is least is best"),
        ("quality<0.6", "quality<0.6': <, expected <="),
        ("water=1200", "=, expected <="),
        ("carbon", "no <=, expected MEASURE<=MOST"),
        ("carbon<=", r"nothing after <=, expected a number \(kg CO2e\)"),
        ("reroute<=", r"a number \(share or per cent\)"),
        ("carbn<=5", r"'carbn', expected one of carbon, .* \(did you mean 'carbon'\?\)"),
        ("carbon<=1,300", r"1,300, expected 1300 or 1\.300 \(a number without separators"),
        ("carbon<=1,234,567.8", r"expected 1234567\.8 \(a number"),
        ("starts<=12 345", "12 345, expected 12345 "),
        ("quality<=0,36", r"0,36, expected 0\.36 "),
        ("carbon<=1.3 t", "unit 't', expected a number in kg CO2e"),
        ("carbon<=10%", "10%, expected a number .*per cent only of a plan"),
        ("carbon<=nearest+5", r"\+5, expected a change in per cent of what nearest reaches"),
        ("carbon<=nearest*2", r"'nearest\*2', expected a number"),
        ("carbon<=nearest--5%", "--5%, expected a change in per cent"),
        ("carbon<=inf", "'inf', expected a number"),
        ("carbon<=1e999", "1e999, expected a finite number"),
        ("accuracy<=0.6", r"<=, expected >= \(more is better; accuracy: Answers expected"),
        ("answer_loss[class=a]>=0.6", ">=, expected <="),
        ("quality[class=chat<=0.3", "no ], expected MEASURE<=MOST"),
        ("carbon[class=chat]<=3", "carbon by class, expected one of jurisdiction, datacenter"),
        ("late<=5%", r"late, expected late\[after=SECONDS\]"),
        ("requests<=5%", "requests, expected a place"),
        ("energy<=40%", "40%, expected a number .*per cent only of a plan"),
        ("energy[datacenter=a]<=140%", "140%, expected 0 to 100 % of the plan's total"),
        ("cost[datacenter=a]<=40%", "40%, expected a number"),
        ("ttft_p0<=1", "p0, expected a percentile from 0 to 100"),
        ("ttft_p95<=nearest", r"<=nearest, expected <= and a number \(s\)"),
        ("ttft_p95>=1", r">=1, expected <= and a number"),
        ("ttft_p95[after=3]<=1", "ttft_p95 by after, expected class or origin"),
        ("ttft_p95[datacenter=a]<=1", "late by datacenter, expected one of after, class, origin"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(SlitError, match=message) as caught:
        read_limit(text)
    assert str(caught.value).startswith(f"limit {text!r}: ")


def test_objectives_of_a_plug_in_can_be_limited() -> None:
    with set_apart():
        register(ledger_objective(name="peak", unit="nodes", title="Peak")(lambda ledger: 1.0))
        assert read_limit("peak<=12") == StatedLimit("peak", 12.0)
        assert ResolvedLimit("peak<=12", "peak", "nodes", 12.0).limit.objective.name == "peak"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_to_the_bit(most: float) -> None:
    assert read_limit(str(StatedLimit("carbon", most))) == StatedLimit("carbon", most)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_change_is_read_back_to_the_bit(percent: float) -> None:
    limit = StatedLimit("carbon", plan="nearest", percent=percent)
    assert read_limit(str(limit)) == limit


PIECES = st.sampled_from(
    [
        *"+-5%, =[]*",
        "carbon",
        "reroute",
        "nearest",
        "<=",
        "≤",
        ">=",
        "1e999",
        ".5",
        "ttft_p",
        "accuracy",
        "best",
        "late",
        "after=",
        "class=",
        "datacenter=",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        limit = read_limit(text)
    except SlitError:
        return
    assert read_limit(str(limit)) == limit


def test_what_is_limited_of_a_floor_and_of_a_percentile() -> None:
    floor = StatedLimit("accuracy[class=a]", 0.7)
    assert floor.at_least
    assert floor.objective.name == "answer_loss[class=a]"
    assert floor.at(0.0) == pytest.approx(0.3)
    best = StatedLimit("accuracy[class=a]", plan="best", percent=-10.0)
    assert best.at(0.2) == pytest.approx(1 - 0.9 * 0.8)
    assert StatedLimit("accuracy", plan="nearest").at(0.123456789) == 0.123456789
    later = StatedLimit("ttft_p99.9[class=a]", 2.0)
    assert (later.objective.name, later.at(0.0)) == ("late[after=2,class=a]", 0.001)
    share = StatedLimit("energy[datacenter=a]", 40.0, of_total=True)
    assert (share.objective.name, share.at(0.0)) == ("energy[datacenter=a,share=0.4]", 0.4)
    assert share.objective.unit == "share"


def test_a_change_is_a_share_of_the_size_of_what_the_plan_reaches() -> None:
    more = StatedLimit("cost", plan="nearest", percent=5.0)
    assert (more.at(200.0), more.at(-200.0)) == (210.0, -190.0)
    assert StatedLimit("cost", 3.0).at(0.0) == 3.0
