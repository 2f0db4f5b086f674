"""`slit scenarios`, `slit optimizers`, `slit schema`: what there is."""

import json

from slit.commands.terminal import AsJson, print_json, print_table


def scenarios(as_json: AsJson = False) -> None:
    """List the scenarios that come with slit."""
    from slit.scenario.builtin import builtin_scenarios

    listed = builtin_scenarios()
    if as_json:
        print_json({"scenarios": [entry._asdict() for entry in listed]})
        return
    print_table(["name", "description"], [[e.name, e.description] for e in listed], left=2)


def optimizers(as_json: AsJson = False) -> None:
    """List the optimizers that --optimizer may name."""
    from slit.optimizers.registry import DEFAULT_OPTIMIZER, available

    listed = [
        {
            "name": entry.name,
            "kind": str(entry.kind),
            "what": entry.line,
            "default": entry.name == DEFAULT_OPTIMIZER,
        }
        for entry in available()
    ]
    if as_json:
        print_json({"optimizers": listed})
        return
    rows = [
        [str(o["name"]), str(o["kind"]), str(o["what"]), "default" if o["default"] else ""]
        for o in listed
    ]
    print_table(["name", "kind", "what it is", ""], rows, left=4)


def schema() -> None:
    """Print the JSON Schema of the scenario file."""
    from slit.scenario.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
