"""Run folders: written complete or not at all, read with every check."""

from slit.record.runs import Reevaluation, Run, read_run, reevaluate, write_run

__all__ = ["Reevaluation", "Run", "read_run", "reevaluate", "write_run"]
