"""What a request takes at a node type that serves a model variant."""

from slit.service.model import ServiceModel

__all__ = ["ServiceModel"]
