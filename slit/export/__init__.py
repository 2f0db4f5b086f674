"""What is made of a plan for other systems."""

from slit.export.routing import Route, routes_of, write_routing

__all__ = ["Route", "routes_of", "write_routing"]
