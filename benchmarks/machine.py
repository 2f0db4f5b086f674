"""Where a result was measured, and with which versions."""

import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from slit.record.manifest import versions

FRAMEWORKS = ("jmetalpy", "llvmlite", "pygmo", "pymoors")


@cache
def machine() -> dict[str, str]:
    """Processor, cores, memory, system, and versions of what was measured."""
    about = {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory_gb": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f}",
        "system": f"{platform.system()} {platform.machine()}",
    }
    return about | versions() | {name: found for name in FRAMEWORKS if (found := _version(name))}


def installed(package: str) -> bool:
    """Whether a distribution is installed."""
    return _version(package) is not None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown")
