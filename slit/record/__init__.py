"""Run folders: written complete or not at all, read with every check."""

from slit.record.certificate import read_certificate, write_certificate
from slit.record.runs import Reevaluation, Run, read_run, reevaluate, write_run

__all__ = [
    "Reevaluation",
    "Run",
    "read_certificate",
    "read_run",
    "reevaluate",
    "write_certificate",
    "write_run",
]
