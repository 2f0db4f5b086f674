"""Measured runs of an engine, served again by its settings and measured times of its layers."""
