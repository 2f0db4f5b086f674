"""All efficient plans of small problems, by mixed-integer programs."""
