"""`slit bound`: how good any front could be, and how close a run comes to that."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slit.commands.progress import shown_work
from slit.commands.terminal import (
    AsJson,
    Plugin,
    Threads,
    WarmNodes,
    complain,
    listed_measures,
    print_json,
    print_table,
    warm_counts,
)
from slit.display import called, number
from slit.errors import SlitError

if TYPE_CHECKING:
    from slit.certificates.bounds import Certificate
    from slit.certificates.certified import Certified
    from slit.certificates.gap_decomposition import GapParts
    from slit.record import Run


def bound(
    target: Annotated[
        str,
        typer.Argument(
            metavar="RUN | SCENARIO", help="Run folder, or name of a scenario or its file."
        ),
    ],
    objectives: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="See slit objectives; of a run, some of its own."),
    ] = None,
    weights: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Weight vectors of an even lattice, at most (default: 35; of many epochs fewer).",
        ),
    ] = None,
    refined: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="More, where the bound is loosest, at most (default: 130; of many epochs fewer).",
        ),
    ] = None,
    gap: Annotated[
        bool,
        typer.Option(
            "--gap", help="Work out what whole nodes cost too (a minute on a large scenario)."
        ),
    ] = False,
    warm_nodes: WarmNodes = None,
    threads: Threads = 0,
    plugin: Plugin = None,
    as_json: AsJson = False,
) -> None:
    """Bound what any front can reach, and with a run say how much of that is certified.

    A run without a certificate, or one measured with --gap, keeps it in its folder and report.
    """
    names = None if objectives is None else listed_measures(objectives)
    own = names is not None or weights is not None or refined is not None
    if not _is_run(target):
        if gap:
            raise SlitError(f"--gap: {target} is a scenario, expected a run folder")
        from slit.api import bound as find_bound
        from slit.api import load_scenario

        scenario = load_scenario(target, warm_nodes=warm_counts(warm_nodes))
        with shown_work("solving linear programs"):
            certificate = find_bound(
                scenario,
                objectives=names,
                weights=weights,
                refined=refined,
                threads=threads,
                plugin=plugin,
            )
        if as_json:
            print_json(certificate_content(certificate))
        else:
            print_certificate(certificate)
        return
    if warm_nodes:
        raise SlitError(f"--warm-nodes: {target} is a run, which has its own, expected a scenario")
    from slit.api import certify
    from slit.record import read_certificate, read_run
    from slit.record.runs import check_plugin

    run = read_run(target)
    if plugin is not None:
        check_plugin(run.manifest.plugin, plugin)
    certified = None if own else read_certificate(run)
    if certified is None or (gap and not _has_nodes(certified.parts)):
        with shown_work(f"solving {'mixed-integer' if gap else 'linear'} programs"):
            certified = certify(
                run,
                objectives=names,
                weights=weights,
                refined=refined,
                gap=gap,
                threads=threads,
                plugin=plugin,
            )
        if not own:
            _keep(certified, run)
    if as_json:
        print_json(certified_content(certified))
    else:
        print_certified(certified)


def certificate_content(certificate: "Certificate") -> dict[str, Any]:
    """A certificate as JSON: `certified_share` and `hypervolume` need a run and are null."""
    box, volume = certificate.box, certificate.volume
    conflicts = isfinite(volume.value)
    return {
        "certified_share": None,
        "hypervolume": None,
        "hypervolume_bound": certificate.bound if conflicts else None,
        "hypervolume_bound_error": volume.error if conflicts else None,
        "ideal": dict(zip(box.names, box.ideal.tolist(), strict=True)),
        "reference": dict(zip(box.names, box.reference.tolist(), strict=True)),
        "weights": len(certificate.weights),
        "plans": None,
        "gaps": [],
        "left_out": box.left_out,
        "parts": None,
    }


def certified_content(certified: "Certified") -> dict[str, Any]:
    """A run against its certificate, as JSON."""
    return certificate_content(certified.certificate) | {
        "certified_share": certified.share,
        "hypervolume": certified.hypervolume,
        "plans": certified.plans,
        "gaps": gaps_content(certified),
        "parts": None if certified.parts is None else _parts_content(certified.parts),
    }


def gaps_content(certified: "Certified") -> list[dict[str, Any]]:
    """The gap of each objective's best plan, as JSON."""
    return [
        {
            "name": gap.name,
            "unit": gap.unit,
            "best": gap.best,
            "bound": gap.bound,
            "share_of_range": gap.share if isfinite(gap.share) else None,
            "percent_of_bound": gap.percent,
        }
        for gap in certified.gaps
    ]


def print_share(certified: "Certified") -> None:
    """The certified share with what it depends on, and the gap of each objective."""
    from slit.report.certified import GAP_COLUMNS, describe_reference, describe_share, gap_rows

    print(describe_share(certified))
    if certified.share is not None:
        print(describe_reference(certified))
    print_left_out(certified.left_out)
    rows = gap_rows(certified)[: len(certified.gaps)]
    if rows:
        print()
        print_table(GAP_COLUMNS, rows)


def print_left_out(left_out: dict[str, str]) -> None:
    """The objectives that have no part in a certificate."""
    for name, why in left_out.items():
        print(f"Left out of the certificate: {called(name)} ({why}).")


def print_certificate(certificate: "Certificate") -> None:
    """The ideal point and the bound of a scenario."""
    box = certificate.box
    header = ["objective", "no plan below", "nadir", "reference point", "unit"]
    names = [called(name) for name in box.names]
    figures = zip(names, box.ideal, box.nadir, box.reference, box.units, strict=True)
    print_table(
        header,
        [[name, *(number(value) for value in row), unit] for name, *row, unit in figures],
    )
    if isfinite(certificate.volume.value):
        how = "exact volume" if certificate.volume.exact else "upper limit of 99.9 % confidence"
        count = len(certificate.weights)
        print(
            f"\nNo front has a hypervolume above {certificate.bound:.6g} ({count} weight vectors, "
            f"{how}),\nmeasured from the reference point, the nadir being 1 above "
            "the best in each objective."
        )
    else:
        print("\nNo bound on the hypervolume: fewer than two of the bounded objectives conflict.")
    print_left_out(box.left_out)


def print_certified(certified: "Certified") -> None:
    """The share of a run, the gap of each objective, and what these are made of."""
    from slit.report.certified import (
        EXTREME_COLUMNS,
        GAP_NOTE,
        PART_COLUMNS,
        extreme_rows,
        part_rows,
    )

    print_share(certified)
    parts = certified.parts
    if parts is None:
        return
    rows = part_rows(parts, plans=certified.plans)
    if rows:
        print("\nWhat the bound on the hypervolume is made of:")
        print_table(PART_COLUMNS[:2], [row[:2] for row in rows])
        for name, _, meaning in rows:
            print(f"- {name}: {meaning}")
    print("\nWhat the gap of each objective's best plan is made of, in per cent of its bound:")
    print_table(EXTREME_COLUMNS, extreme_rows(parts))
    print(GAP_NOTE)


def _is_run(target: str) -> bool:
    """Whether a run folder is meant; SlitError if there is neither such a run nor a scenario."""
    from slit.record.manifest import MANIFEST
    from slit.scenario.builtin import builtin_names

    path = Path(target)
    if path.is_dir() and ((path / MANIFEST).is_file() or target not in builtin_names()):
        return True
    if target not in builtin_names() and not path.is_file():
        raise SlitError(
            f"{target}: no such run or scenario, expected a run folder, a TOML file or one of "
            f"{', '.join(builtin_names())}"
        )
    return False


def _has_nodes(parts: "GapParts | None") -> bool:
    """Whether it was worked out what whole nodes cost (nothing to do where no plan is feasible)."""
    return parts is None or all(each.nodes is not None for each in parts.extremes)


def _keep(certified: "Certified", run: "Run") -> None:
    """Put a certificate into its run folder and report, if they can be written."""
    from slit.record import write_certificate
    from slit.report import write_report

    try:
        write_certificate(certified, run.folder, scenario_hash=run.manifest.scenario_hash)
        write_report(run, run.folder / "report.html")
    except (OSError, SlitError) as error:
        complain(f"the certificate is not kept in the run folder: {error}")


def _parts_content(parts: "GapParts") -> dict[str, Any]:
    from dataclasses import asdict

    volume = parts.volume
    return {
        "hypervolume": None if volume is None else asdict(volume) | {"left": volume.left},
        "extremes": [asdict(each) | {"left": each.left} for each in parts.extremes],
    }
