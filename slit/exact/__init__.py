"""Linear and mixed-integer programs: relaxations, lexicographic references, bounds, Green-LLM."""
