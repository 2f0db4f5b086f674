"""The run folder of a search: written beside its place, then put there."""

from datetime import UTC, datetime
from pathlib import Path

from slit.api.search import Search
from slit.record.certificate import write_certificate
from slit.record.checkpoint import Checkpoint, Keeper, forget, request_key, write_request
from slit.record.folder import REPORT, publish
from slit.record.manifest import Manifest, Pending, processor, versions
from slit.record.runs import write_run
from slit.report import write_report
from slit.report.predicted import predicted_share
from slit.run import Progress, Result, Watch, deferred_interrupt
from slit.scenario.lint_scenario import doubts
from slit.scenario.store import scenario_hash


def search_into_folder(
    search: Search,
    partial: Path,
    output: Path,
    *,
    overwrite: bool = False,
    watch: Watch | None = None,
    checkpoint: Checkpoint | None = None,
) -> Result:
    """Search, write the run into its partial folder, and rename that to `output`.

    Ctrl-C while it is written is passed on when that is done.
    """
    keeper = Keeper(partial, key=request_key(search.request, search.scenario, search.start))

    def both(progress: Progress) -> None:
        keeper(progress)
        if watch is not None:
            watch(progress)

    result = search.result(watch=both, checkpoint=checkpoint)
    manifest = manifest_of(search, result)
    with deferred_interrupt() as interrupted:
        write_run(partial, manifest=manifest, result=result, scenario=search.scenario)
        if result.certified is not None:
            certified_hash = scenario_hash(search.scenario)
            write_certificate(result.certified, partial, scenario_hash=certified_hash)
        write_report(partial, partial / REPORT)
        put_in_place(partial, output, Pending(**search.request.model_dump(), overwrite=overwrite))
    if interrupted():
        raise KeyboardInterrupt(f"{output} is complete")
    return result


def manifest_of(search: Search, result: Result) -> Manifest:
    """What a run folder says of a search and its result."""
    return Manifest(
        **search.request.model_dump(),
        scenario=search.scenario.name,
        scenario_hash=scenario_hash(search.scenario),
        units=dict(zip(result.front.names, result.front.units, strict=True)),
        titles=dict(zip(result.front.names, result.front.titles, strict=True)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(),
        processor=processor(),
        evaluations=result.evaluations,
        moves=result.moves,
        seconds=result.seconds,
        stop=result.stop,
        plans=int(result.front.on_front.sum()),
        feasible=result.feasible,
        notes=result.notes,
        findings=doubts(search.scenario),
        phases=result.phases,
        resolved_limits=result.limits,
        predicted=_predicted(search, result),
    )


def _predicted(search: Search, result: Result) -> dict[str, dict[str, float]]:
    """Which shares of the picks rest on predicted services; none where nothing is predicted."""
    if all(service.predicted is None for service in search.scenario.services):
        return {}  # without a ledger of each
    front = result.front
    picks = front.picks(prefix=search.request.optimizer) if len(front.X) else ()
    shares = {
        pick.name: predicted_share(search.evaluator.ledger(front.X[pick.row])) for pick in picks
    }
    return {name: share._asdict() for name, share in shares.items() if share is not None}


def put_in_place(partial: Path, output: Path, pending: Pending) -> None:
    """Rename a complete partial folder to `output`. A process that is killed from here on leaves
    one that says that it is complete: `slit.resume` does the rest."""
    write_request(pending.model_copy(update={"complete": True}), partial)
    publish(partial, output, overwrite=pending.overwrite)
    forget(output)
