"""Services that cannot be as they are stated."""

from dataclasses import replace

import pytest
from numpy.testing import assert_allclose

from slit.scenario.fit import pairs
from slit.scenario.lint_services import lint_services
from slit.scenario.load import load_scenario
from slit.scenario.sanity import mean_tokens, request_figures, token_joules
from slit.scenario.scenario import Scenario


@pytest.fixture
def tiny() -> Scenario:
    return load_scenario("tiny")


def with_service(tiny: Scenario, **fields: object) -> Scenario:
    small, large = tiny.services
    return replace(tiny, services=(small.model_copy(update=fields), large))


def said(scenario: Scenario) -> list[str]:
    return [str(finding) for finding in lint_services(scenario)]


@pytest.mark.parametrize("name", ["tiny", "world-day", "world-2026"])
def test_built_in_services_are_plausible(name: str) -> None:
    assert said(load_scenario(name)) == []


def test_what_a_token_takes_by_hand(tiny: Scenario) -> None:
    pair = next(pairs(tiny))
    reading, writing = token_joules(pair)
    assert_allclose(reading, 5100 / 100000)
    assert_allclose(writing, 3800 * (0.008 + 1.3e-4 * 32) / (4 * 32))


def test_mean_tokens_weigh_by_requests(tiny: Scenario) -> None:
    assert mean_tokens(tiny, 0) == (900, 240)
    demand = replace(tiny.demand, output=tiny.demand.output * [[[1.0]], [[2.0]]])
    later = (7400 + 4200) / (5600 + 7000 + 7400 + 4200)
    assert_allclose(mean_tokens(replace(tiny, demand=demand), 0)[1], 240 * (1 + later))


def test_what_a_request_takes_by_hand(tiny: Scenario) -> None:
    pair = next(pairs(tiny))  # chat: 900 and 240 tokens
    reading, writing = 900 / 100000, 240 * (0.008 + 1.3e-4 * 32) / (4 * 32)
    idle = (reading + writing) * (1 / 0.8 - 1)
    kwh = (5100 * reading + 3800 * writing + 2600 * idle) / 3.6e6
    found = request_figures(tiny, pair, prompt=900, output=240)
    assert_allclose(found.watt_hours, 1000 * kwh * (1.2 + 1.1) / 2)
    grams = (1.2 * (380 + 340) / 2 + 1.1 * (150 + 60) / 2) / 2
    assert_allclose(found.grams, kwh * grams)
    milliliters = (1.2 * 1.55 + 1.7 + 1.1 * 2.3 + 0.3) / 2
    assert_allclose(found.milliliters, 1000 * kwh * milliliters)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"step_fixed_s": 8.0},
            "services.small on h100x4: 237.6 J per token written, expected 0.00112 to 1.2, 10 "
            "times around what is published for 8 billion parameters: is the unit of "
            "step_fixed_s, step_slope_s, batch or of the power right?",
        ),
        (
            {"prefill_tokens_per_s": 100.0},
            "services.small on h100x4: 51 J per token read, expected 0.00016 to 0.4, 10 times "
            "around what is published for 8 billion parameters: is the unit of "
            "prefill_tokens_per_s or of the power right?",
        ),
    ],
)
def test_rates_a_thousand_times_off_are_found(
    fields: dict[str, object], message: str, tiny: Scenario
) -> None:
    assert said(with_service(tiny, **fields)) == [message]


def test_a_service_too_slow_for_every_class_is_found(tiny: Scenario) -> None:
    classes = [kind.model_copy(update={"itl_limit_s": 0.012}) for kind in tiny.classes]
    assert said(replace(tiny, classes=tuple(classes))) == [
        f"services.{name} on h100x4: serves no class ({name} on h100x4: {step} s per output token "
        "at batch 32, itl_limit_s 0.012), expected a step within the itl_limit_s of a class, and a "
        "batch whose KV cache fits"
        for name, step in (("small", "0.01216"), ("large", "0.02252"))
    ]


@pytest.mark.parametrize(
    ("field", "figure", "message"),
    [
        ("weight_gb", 0.016, "variants.small.weight_gb: 0.002, expected 0.25 to 8 (bytes"),
        ("kv_bytes_per_token", 131.0, "variants.small.kv_bytes_per_token: 131, expected 1,000 to"),
    ],
)
def test_sizes_that_contradict_the_architecture_are_found(
    field: str, figure: float, message: str, tiny: Scenario
) -> None:
    small, large = tiny.variants
    wrong = small.model_copy(update={field: figure})
    (finding,) = said(replace(tiny, variants=(wrong, large)))
    assert finding.startswith(message)
