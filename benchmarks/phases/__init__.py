"""The verbs: what is measured of a case, each defined once."""
