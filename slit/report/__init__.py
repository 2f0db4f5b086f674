"""Figures in two halves: numbers, then a plotly Figure that draws them."""
