"""Every format's file of one small plan, to the letter (SLIT_WRITE_GOLDEN=1 writes them anew)."""

import os
from pathlib import Path

import pytest

from slit.export.keda import keda
from slit.export.neutral import neutral
from slit.export.targets import TARGETS, Target
from tests.export.plans import small_mapping, small_routes, small_rules

GOLDEN = Path(__file__).parent / "golden"


def compare(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("SLIT_WRITE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text(), name


@pytest.mark.parametrize("target", TARGETS, ids=lambda each: each.name)
def test_gateways(target: Target, tmp_path: Path) -> None:
    rules = small_rules(target.name, small_mapping(tmp_path))
    compare(f"{target.name}{target.suffix}", target.write(rules))


def test_keda(tmp_path: Path) -> None:
    compare("keda.yaml", keda(small_routes(), small_mapping(tmp_path)))


def test_neutral() -> None:
    for name, text in neutral(small_routes()).items():
        compare(name, text)


def test_nothing_else_is_there() -> None:
    names = {f"{each.name}{each.suffix}" for each in TARGETS} | set(neutral(small_routes()))
    assert {file.name for file in GOLDEN.iterdir()} == names | {"keda.yaml"}


@pytest.mark.parametrize("target", TARGETS, ids=lambda each: each.name)
def test_provenance_stands_in_every_file(target: Target, tmp_path: Path) -> None:
    text = target.write(small_rules(target.name, small_mapping(tmp_path), epoch=1))
    for said in ("scenario tiny (aaaaaaaaaaaa)", "plan 7 by by hand (bbbbbbbbbbbb)",
                 "epoch 2023-06-21T12:15:00Z to 2023-06-21T12:30:00Z"):  # fmt: skip
        assert said in text
