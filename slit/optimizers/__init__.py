"""Optimizers: they ask for plans to be evaluated and are told their values."""
