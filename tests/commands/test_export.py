"""`slit export` from the command line: what is written, and what is refused in one message."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from slit.commands.app import app
from slit.export.targets import formats


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "run"
    options = ["--optimizer", "nsga2", "--evaluations", "200", "--quiet", "--no-bound"]
    result = CliRunner().invoke(app, ["optimize", "tiny", *options, "--output", str(place)])
    assert result.exit_code == 0, result.stderr
    return place


@pytest.fixture
def mapping(folder: Path, tmp_path: Path) -> Path:
    file = tmp_path / "mapping.toml"
    call(folder, "--write-mapping", file)
    return file


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["export", *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["export", *map(str, arguments)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.strip().splitlines()) == 1
    return result.stderr


def test_all_formats(folder: Path, mapping: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    options = "--mapping", mapping, "--output", output, "--tolerance", 100
    said = json.loads(call(folder, "--plan", "nearest", "--to", "all", *options, "--json"))
    assert {file.relative_to(output).parts[0] for file in map(Path, said["files"])} == {
        *formats(),
        "rounding.json",
    }
    assert all(Path(file).is_file() for file in said["files"])
    kept = json.loads((output / "rounding.json").read_text())
    assert (kept["rounding"], kept["refused"]) == (said["rounding"], said["refused"])
    assert {file.name for file in (output / "haproxy").iterdir()} == {
        "2023-06-21T120000Z.cfg",
        "2023-06-21T121500Z.cfg",
    }


def test_one_epoch_as_text(folder: Path, mapping: Path, tmp_path: Path) -> None:
    options = "--mapping", mapping, "--output", tmp_path / "out", "--at", "2023-06-21T12:20:00Z"
    said = call(folder, "--plan", "helix", "--to", "httproute,nginx", *options)
    assert "What rounding adds to each objective" in said
    assert "3 files in" in said
    assert [file.name for file in (tmp_path / "out/nginx").iterdir()] == ["2023-06-21T121500Z.conf"]


def test_neutral_needs_no_mapping(folder: Path, tmp_path: Path) -> None:
    call(folder, "--plan", 0, "--to", "neutral", "--output", tmp_path / "out")
    names = {file.name for file in (tmp_path / "out/neutral").iterdir()}
    assert names == {"routes.csv", "replicas.csv", "plan.json", "plan.schema.json"}


def test_the_table(folder: Path) -> None:
    assert "kthena: cannot express a plan: it ignores the weights it is given" in call("--list")
    listed = json.loads(call("--list", "--json"))
    assert listed["formats"]["httproute"]["most_backends"] == 16
    assert not listed["formats"]["istio"]["variant"]
    del folder


def test_bad_input(folder: Path, mapping: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    base = folder, "--plan", "helix", "--output", out
    said = "vllm-router cannot express a plan: it takes no static weights"
    assert said in refused(*base, "--to", "vllm-router", "--mapping", mapping)
    assert "did you mean 'httproute'" in refused(*base, "--to", "httprout", "--mapping", mapping)
    assert "mapping: none, expected a file" in refused(*base, "--to", "haproxy")
    assert "no --plan or no --to" in refused(folder, "--to", "haproxy")
    assert "RUN: none" in refused("--to", "haproxy")
    assert "output: none" in refused(folder, "--plan", "helix", "--to", "neutral")
    assert "--all: given with --at" in refused(*base, "--to", "neutral", "--all", "--at", "12:00")
    assert "--watch: no --push" in refused(*base, "--to", "neutral", "--watch")
    text = mapping.read_text()
    first = text.index("[[backends]]")
    until = text.index("[[origins]]")
    none = tmp_path / "none.toml"
    none.write_text(text[:first] + "backends = []\n" + text[until:])
    assert "backends" in refused(*base, "--to", "haproxy", "--mapping", none)
    one = tmp_path / "one.toml"
    one.write_text(text[: text.index("[[backends]]", first + 1)] + text[until:])
    found = refused(*base, "--to", "haproxy", "--mapping", one)
    assert "mapping: backends: none of " in found
    assert "--write-mapping FILE writes all" in found
    assert not out.exists()
    assert "exists, expected a new file" in refused(folder, "--write-mapping", mapping)
    out.mkdir()
    (out / "mine").write_text("")
    assert "expected a new or empty folder" in refused(*base, "--to", "neutral")


def test_nothing_answers(folder: Path, mapping: Path, tmp_path: Path) -> None:
    base = folder, "--plan", "helix", "--mapping", mapping
    assert "expected Envoy's admin port" in refused(
        *base, "--to", "envoy", "--push", "http://127.0.0.1:1"
    )
    assert "expected http://HOST:PORT" in refused(*base, "--to", "envoy", "--push", "admin")
    assert "expected HAProxy's runtime socket" in refused(
        *base, "--to", "haproxy", "--push", tmp_path / "none.sock"
    )
    assert "push: nginx, expected one of envoy, haproxy" in refused(
        *base, "--to", "nginx", "--push", "x"
    )
