"""The report is one file that works offline, says what the run holds, and escapes every text."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from plotly.graph_objects import Figure

from slit.errors import SlitError
from slit.front import Front
from slit.record import Run, read_run
from slit.record.history import read_history
from slit.report import report_html, write_report
from slit.report.convergence import convergence_data, draw_convergence, draw_plans
from slit.report.inputs import inputs_data
from slit.report.marks import axes_of
from slit.report.markup import Html, tag
from slit.report.sections import inputs_section
from slit.report.style import COLORS, color, log_ticks, pattern
from slit.scenario.scenario import Input
from tests.stored import HOSTILE, hostile_run, small_scenario, stored_run


class Page(HTMLParser):
    """What a browser would make of a page: elements, their attributes and texts."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.source = content
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "img", "input", "link"):
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for element, attributes in self.elements if element == name]


@pytest.fixture(scope="module")
def written(run: Run) -> str:
    return report_html(run)


@pytest.fixture(scope="module")
def page(written: str) -> Page:
    return Page(written)


def test_it_is_written_where_asked(run: Run, tmp_path: Path) -> None:
    file = write_report(run.folder, tmp_path / "report.html")
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert file.stat().st_size < 7_000_000
    with pytest.raises(SlitError, match="expected a file to write"):
        write_report(run, tmp_path / "missing" / "report.html")


def test_nothing_is_fetched(page: Page) -> None:
    assert [a for _, a in page.elements if "src" in a] == []
    assert page.all("link") == []
    assert {str(a["href"])[:1] for _, a in page.elements if a.get("href")} == {"#"}
    policy = next(a["content"] or "" for a in page.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy.replace("https", "http").replace("'none'", "")


def test_only_its_own_scripts_may_run(page: Page) -> None:
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    allowed = set(re.findall(r"'sha256-([^']+)'", policy or ""))
    scripts = [
        text
        for attributes, text in zip(page.all("script"), page.texts["script"], strict=True)
        if attributes.get("type") != "application/json"
    ]
    found = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert found == allowed
    assert len(found) == 2


def test_every_section_and_pick_is_there(page: Page, run: Run) -> None:
    sections = [a["id"] for a in page.all("section")]
    first = ["recommended", "equal-quality"]
    assert sections == [
        *first,
        "picks",
        "front",
        "plans",
        "per-request",
        "search",
        "inputs",
        "about",
    ]
    picks = run.front.picks(prefix=run.manifest.optimizer)
    assert [a["data-pick"] for a in page.all("span") if "data-pick" in a] == [p.name for p in picks]
    articles = page.all("article")
    assert len(articles) == len({pick.row for pick in picks})
    assert sum("hidden" not in a for a in articles) == 1
    values = [float(a["data-value"] or "nan") for a in page.all("span") if "data-value" in a]
    expected = run.front.F[[pick.row for pick in picks]]
    assert np.array(values).reshape(expected.shape) == pytest.approx(expected)


def test_every_figure_has_a_caption_words_and_numbers(page: Page) -> None:
    figures = page.all("figure")
    assert len(page.texts["figcaption"]) == len(figures) > 10
    drawings = [a for a in page.all("div") if a.get("role") == "img"]
    assert len(drawings) == len(figures)
    assert all(len(a["aria-label"] or "") > 40 for a in drawings)
    contents = {a["id"]: n for n, a in enumerate(page.all("script")) if "id" in a}
    for drawing in drawings:
        said = json.loads(page.texts["script"][contents[drawing["data-figure"]]])
        assert said["data"]
        assert "template" not in said["layout"]


def test_headings_descend_and_tables_have_captions(page: Page) -> None:
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h\d", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1
    assert len(page.all("table")) == len(page.texts["caption"])
    assert re.findall(r"<caption><span>\s*</span>", page.source) == []
    assert page.all("html")[0]["lang"] == "en"


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    written = report_html(hostile_run(tmp_path / "run"))
    page = Page(written)
    assert page.all("img") == []
    assert not any(key.startswith("on") for _, a in page.elements for key in a)
    assert HOSTILE in page.texts["h1"][0]
    assert HOSTILE in "".join(page.texts["td"])
    for attributes, text in zip(page.all("script"), page.texts["script"], strict=True):
        if attributes.get("type") == "application/json":
            assert "<" not in text
            json.loads(text)


def test_inputs_say_what_is_estimated() -> None:
    inputs = (
        Input("a", "s", estimated_share=0.0),
        Input("b", "s", estimated_share=1.0),
        Input("c", "s", "l", 0.25),
        Input("d", "s"),
        Input("e", "not stated", estimated_share=0.0),  # as slit 0.1 wrote it
    )
    rows = inputs_data(replace(small_scenario(), inputs=inputs))
    assert [(row.name, row.kind) for row in rows] == [
        ("b", "estimated"),
        ("c", "partly estimated"),
        ("d", "not stated"),
        ("e", "not stated"),
        ("a", "measured"),
    ]
    drawn = inputs_section(rows, small_scenario())
    assert "0 % (measured)" in drawn
    assert drawn.count("measured)") == 1
    assert "25 % (partly estimated)" in drawn


def test_convergence_is_the_history(run: Run) -> None:
    history = read_history(run.folder, names=run.front.names)
    data = convergence_data(history, axes_of(run.front))
    assert len(history) > 2
    assert data.work[-1] == run.manifest.evaluations + run.manifest.moves
    for m in range(4):
        drawn = np.asarray(Figure(draw_convergence(data, objective=m)).data[0].y, dtype=float)
        known = data.plans > 0
        assert drawn[known] == pytest.approx(data.best[known, m])
        assert np.isnan(drawn[~known]).all()
    assert (np.asarray(Figure(draw_plans(data)).data[0].y) == data.plans).all()


def test_a_run_without_history_has_no_section_of_the_search(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run")
    (run.folder / "history.csv").unlink()
    assert read_history(run.folder, names=run.front.names) == ()
    assert 'id="search"' not in report_html(run)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("evaluations\n1\n", "columns evaluations, expected evaluations,moves,"),
        ("evaluations,moves,seconds,plans,carbon\n1,2,3\n", "3 columns, expected 5"),
        ("evaluations,moves,seconds,plans,carbon\n1,2,3,x,4\n", "expected numbers"),
    ],
)
def test_a_damaged_history_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "history.csv").write_text(content)
    with pytest.raises(SlitError, match=message):
        read_history(tmp_path, names=("carbon",))


def test_plans_of_another_scenario_are_refused(tmp_path: Path) -> None:
    run = stored_run(tmp_path / "run")
    np.savez_compressed(run.folder / "plans.npz", X=run.front.X + 1000)
    with pytest.raises(SlitError, match="expected placements"):
        report_html(read_run(run.folder))


def test_infeasible_picks_are_noted(run: Run) -> None:
    excess = np.where(np.array(run.front.methods) == "nearest", 3.0, run.front.G)
    front = Front(
        run.front.X, run.front.F, excess, run.front.names, run.front.units, run.front.methods
    )
    assert "infeasible: 3 nodes beyond capacity" in report_html(replace(run, front=front))


def test_tags_escape_what_is_not_html() -> None:
    assert tag("p", "<b>", Html("<i></i>"), title='"x"') == (
        '<p title="&quot;x&quot;">&lt;b&gt;<i></i></p>'
    )
    assert tag("option", "a", selected=True, hidden=False, id=None) == "<option selected>a</option>"
    with pytest.raises(ValueError, match="expected a name in lower case"):
        tag("p", **{"on<": "x"})


def test_logarithmic_axes_are_marked_at_round_values() -> None:
    assert log_ticks(0.04, 3) == [0.05, 0.1, 0.2, 0.5, 1, 2]


def test_series_differ_in_color_or_pattern() -> None:
    looks = {(color(n), pattern(n)) for n in range(32)}
    assert len(looks) == 32
    assert len(COLORS) == 8
