"""report.html of a run folder: what was found, what its plans do, where its figures come from."""

from pathlib import Path

from slit.certificates.bounds import Certificate
from slit.certificates.certified import certified_data
from slit.evaluator import Evaluator
from slit.files import write_file, write_named
from slit.objectives import find
from slit.record import Run, read_certificate, read_run
from slit.record.folder import REPORT
from slit.record.history import read_history
from slit.report.accounts import accounts_of, accounts_section
from slit.report.convergence import convergence_data
from slit.report.equal_quality import equal_quality_of, equal_quality_section
from slit.report.front import front_data
from slit.report.head import head_section
from slit.report.inputs import inputs_data
from slit.report.limits import limits_data
from slit.report.marks import axes_of
from slit.report.markup import tag
from slit.report.page import page
from slit.report.per_request import per_request_section
from slit.report.picks import picks_data
from slit.report.plan import PlanData, plan_data
from slit.report.recommendation import recommendation, recommended_section
from slit.report.replayed import replayed_plans, replayed_section
from slit.report.sections import (
    about_section,
    certified_section,
    front_section,
    inputs_section,
    picks_section,
    plans_section,
    search_section,
)
from slit.report.tradeoff import kept_curves, tradeoff_section


def write_report(
    run: Run | str | Path, path: str | Path, *, certificate: Certificate | None = None
) -> Path:
    """Write the report of a run (or run folder) as one HTML file, and return its path.

    It says how close the front comes to what is possible: by the `certificate` given, one of its
    scenario and objectives, or by the one in the run folder, where there is one. The file works
    offline and loads nothing. Raises SlitError for a damaged run folder or a path that cannot be
    written.
    """
    opened = run if isinstance(run, Run) else read_run(run)
    file = Path(path)
    content = report_html(opened, certificate=certificate).encode()
    if file.absolute() == (opened.folder / REPORT).absolute():
        write_file(file, content)
    else:
        write_named(file, content)
    return file


def report_html(run: Run, *, certificate: Certificate | None = None) -> str:
    """The report of a run as an HTML document."""
    manifest, front = run.manifest, run.front
    search = manifest.optimizer
    axes = axes_of(front)
    if certificate is None:
        certified = read_certificate(run)
    else:
        certified = certified_data(front, certificate)
    history = read_history(run.folder, names=front.names)
    picks = picks_data(front, search=search) if len(front) else None
    equal = None if picks is None else equal_quality_of(run, picks)
    body = [
        tag("a", "Skip to the content", href="#content", class_="skip"),
        head_section(run, certified, equal_quality=equal is not None),
    ]
    sections = []
    if picks is not None:
        limits = manifest.resolved_limits
        kept = limits_data(run, [mark.row for mark in picks.marks]) if limits else None
        accounts = accounts_of(run)
        plans = _plans(run, [mark.row for mark in picks.marks])
        sections += [
            recommended_section(recommendation(run, picks)),
            *([] if equal is None else [equal_quality_section(equal)]),
            picks_section(picks, kept),
            *([] if accounts is None else [accounts_section(accounts)]),
            front_section(front_data(front, search=search), limits),
            plans_section(picks, plans, kept),
            per_request_section(picks.marks, plans, run.scenario),
        ]
        replayed = replayed_plans(run.folder)
        if replayed:
            sections.append(replayed_section(replayed))
    else:
        sections.append(tag("p", "The run holds no plan.", class_="note"))
    if len(history) > 1:
        sections.append(search_section(convergence_data(history, axes), run))
    if certified is not None:
        sections.append(certified_section(certified))
    curves = kept_curves(run.folder)
    if curves is not None:
        sections.append(tradeoff_section(curves))
    sections += [inputs_section(inputs_data(run.scenario), run.scenario), about_section(run)]
    body.append(tag("main", *sections, id="content"))
    return page(title=f"{run.scenario.name}: slit report", body=body)


def _plans(run: Run, rows: list[int]) -> dict[int, PlanData]:
    """The numbers of each row that is picked."""
    judge = Evaluator(run.problem, run.scenario, objectives=find(["energy"]))
    return {row: plan_data(judge.ledger(run.front.X[row])) for row in dict.fromkeys(rows)}
