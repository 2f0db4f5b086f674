"""Compiled array operators on integer chromosomes and on objective arrays.

Nothing here knows what a gene means: a chromosome is an integer vector, a population an (N, G)
array, and objectives an (N, M) array that is minimized.
"""
