"""Where to add nodes: a catalog, a master program over whole nodes, the relaxation as operation."""
