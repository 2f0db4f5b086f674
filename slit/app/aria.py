"""Attributes with a hyphen in their name, for elements of dash."""

from typing import Any


def aria(**attributes: str) -> dict[str, Any]:
    """What assistive technology reads: label="View" is aria-label="View"."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def data(**attributes: str) -> dict[str, Any]:
    """What the scripts of the page read: press="plan" is data-press="plan"."""
    return {f"data-{name}": value for name, value in attributes.items()}
