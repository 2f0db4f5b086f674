"""What is said of a certificate; the box and the plans are made by hand."""

import numpy as np
import pytest

from slit.certificates.bounds import Certificate
from slit.certificates.certified import Certified, certified_data
from slit.certificates.normalization import ReferenceBox
from slit.certificates.outer_volume import ComputedVolume
from slit.report.certified import describe_certified, describe_share, gap_rows
from tests.report.test_front import made_front

BOX = ReferenceBox(
    names=("carbon", "mine"),
    units=("kg CO2e", "apples"),
    ideal=np.array([10.0, 4.0]),
    nadir=np.array([20.0, 8.0]),  # so the reference point is (21, 8.4)
    kept=np.array([True, True]),
    left_out={},
)
CERTIFICATE = Certificate(
    BOX, np.eye(2), np.zeros(2), ComputedVolume(1.21, 0.0, exact=True), np.zeros((2, 2))
)


def certified(*plans: tuple[float, float]) -> Certified:
    return certified_data(made_front(np.array(plans), ("slit",) * len(plans)), CERTIFICATE)


def test_why_no_plan_counts_where_one_objective_is_out_of_reach() -> None:
    found = certified((12.0, 9.0), (11.0, 10.0))
    assert found.share == 0.0
    said = describe_share(found)
    assert said.startswith("Certified share 0 %: of 2 plans none is better than the reference")
    assert "Even the best plan is not below it in mine (best 9, reference 8.4 apples)." in said
    assert "carbon (" not in said
    assert "plans run whole nodes" in said
    assert said in describe_certified(found)


def test_why_no_plan_counts_where_each_objective_can_be_reached() -> None:
    said = describe_share(certified((12.0, 9.0), (30.0, 4.0)))
    assert "In each objective some plan is below it, but none in all at once." in said


@pytest.mark.parametrize(("plan", "little"), [((20.0, 8.0), True), ((10.5, 4.2), False)])
def test_a_small_share_is_explained(plan: tuple[float, float], little: bool) -> None:
    """The box is 1.1 by 1.1: (20, 8) has 0.1 x 0.1 of it, (10.5, 4.2) has 1.05 x 1.05."""
    found = certified(plan)
    assert found.share == pytest.approx((0.01 if little else 1.05**2) / 1.21)
    assert ("divides nodes" in describe_share(found)) is little
    assert ("divides nodes" in describe_certified(found)) is little


def test_gaps_are_those_of_the_best_plan_of_each_objective() -> None:
    rows = gap_rows(certified((12.0, 9.0), (15.0, 4.0)))
    assert rows == [
        # of the range 11 (reference - ideal) a share of 2 / 11; 2 of 10 is 20 % of the bound
        ["carbon", "12 kg CO2e", "10 kg CO2e", "18.18 %", "20 %"],
        ["mine", "4 apples", "4 apples", "0 %", "0 %"],
    ]
