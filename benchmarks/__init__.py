"""Benchmarks of slit: `python -m benchmarks list | run SUITE | report DIR`.

A case (what is solved) is one file of cases/, a phase (what is measured) one verb in phases/, a
suite lists jobs. The package never imports this one.
"""
