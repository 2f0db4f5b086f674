"""How long commands take to start, and how much memory: fresh processes, warm and cold cache.

Usage: python -m benchmarks.drivers.startup [--runs 5] [--cold] [--budget 20000]

`slit optimize` is measured without the certificate, and with it worked out anew each time. `--cold`
adds one run without it, and one with, with an empty compile cache. Prints one JSON object: wall and
CPU seconds (least and median of the runs) and the largest peak memory of each command.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HEAVY = ("dash", "deap", "highspy", "plotly", "pymoo", "sklearn")
"""What `import slit` must not load."""
LOADED = (
    "import json, sys; before = set(sys.modules); import slit; "
    "print(json.dumps(sorted({n.partition('.')[0] for n in set(sys.modules) - before})))"
)
SLIT = [sys.executable, "-c", "from slit.commands import main; main()"]


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> dict[str, float]:
    """One fresh process: wall and CPU seconds, peak memory."""
    began = time.perf_counter()
    process = subprocess.Popen(
        list(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)}: status {status}, expected 0")
    process.returncode = 0
    return {
        "wall_s": time.perf_counter() - began,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }


def repeated(
    command: Sequence[str], runs: int, *, env: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Several processes: least and median times, largest peak."""
    run(command, env=env)  # fills caches
    found = [run(command, env=env) for _ in range(runs)]
    summary = {"peak_mb": max(each["peak_mb"] for each in found)}
    for name in ("wall_s", "cpu_s"):
        times = [each[name] for each in found]
        summary |= {f"{name}_least": min(times), f"{name}_median": statistics.median(times)}
    return {name: round(value, 3) for name, value in summary.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--budget", type=int, help="evaluations (default: the command's own)")
    said = parser.parse_args()
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", LOADED], text=True))
    found: dict[str, Any] = {"heavy_loaded_by_import": [n for n in HEAVY if n in loaded]}
    found["python"] = repeated([sys.executable, "-c", "pass"], said.runs)
    found["import_slit"] = repeated([sys.executable, "-c", "import slit"], said.runs)
    found["slit_help"] = repeated([*SLIT, "--help"], said.runs)
    with tempfile.TemporaryDirectory() as folder:
        budget = [] if said.budget is None else ["--evaluations", str(said.budget)]
        command = [*SLIT, "optimize", *budget, "--quiet", "--overwrite", "--output"]
        optimize = [*command, str(Path(folder) / "run")]
        # A file is no folder: no certificate is kept, and each run works its own out.
        unkept = Path(folder) / "unkept"
        unkept.touch()
        env = {**os.environ, "SLIT_CACHE_DIR": str(unkept)}
        for name, options in (("", ["--no-bound"]), ("_bound", [])):
            timed = [*optimize, *options]
            found[f"slit_optimize{name}_warm"] = repeated(timed, said.runs, env=env)
            if said.cold:
                cache = {**env, "NUMBA_CACHE_DIR": str(Path(folder) / f"cache{name}")}
                cold = run(timed, env=cache)
                found[f"slit_optimize{name}_cold"] = {n: round(v, 3) for n, v in cold.items()}
    # Imported last: a child's peak memory counts what its parent had when it was started.
    from benchmarks.machine import machine

    print(json.dumps(found | {"machine": machine()}))


if __name__ == "__main__":
    main()
