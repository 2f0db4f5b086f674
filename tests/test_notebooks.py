"""The notebooks run from top to bottom, call and define nothing, and hold no outputs."""

import ast
import os
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs pip install 'slit-llm[notebooks]'")
nbclient = pytest.importorskip("nbclient", reason="needs pip install 'slit-llm[notebooks]'")

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def code_cells(file: Path) -> list[Any]:
    notebook = nbformat.read(file, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_all_notebooks_are_there() -> None:
    assert [file.stem for file in NOTEBOOKS] == [
        "01_quickstart",
        "02_explore_a_front",
        "03_plug_in_an_objective",
        "04_run_a_benchmark_suite",
        "05_lexicographic_and_bounds",
        "06_a_model_nobody_measured",
        "07_answers_over_the_air",
        "08_does_the_plan_keep_its_promises",
        "09_decide_hour_by_hour",
    ]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_calls_and_defines_nothing(file: Path) -> None:
    cells = code_cells(file)
    assert cells
    for cell in cells:
        assert cell.outputs == []
        assert cell.execution_count is None
        assert not [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, DEFINITIONS)
        ]


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for neighbor in ("benchmarks", "examples"):
        (tmp_path / neighbor).symlink_to(REPOSITORY / neighbor)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY)]))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(file, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("text/html" in output.get("data", {}) for output in outputs)
    warned = [output.text for output in outputs if output.get("name") == "stderr"]
    assert not [text for text in warned if "Warning" in text]
