"""Compiled evaluation of the benchmarks' own problems."""
