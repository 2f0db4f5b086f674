"""Finding objectives by name: built-in, installed as plug-ins, or from a user's file."""

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

from slit.errors import SlitError, did_you_mean, failure
from slit.objectives.builtin import BUILT_IN
from slit.objectives.define import Objective
from slit.objectives.restricted import ONLY_RESTRICTED, restricted
from slit.objectives.selectors import Selected, read_selected

ENTRY_POINTS = "slit.objectives"

_registered: dict[str, Objective] = {objective.name: objective for objective in BUILT_IN}
_installed_loaded = False
_given: set[str] = set()
"""Names of objectives that callers gave as objects: a later one may take the place."""


def register(objective: Objective, *, source: str = "objective") -> Objective:
    """Make an objective available by its name.

    Raises SlitError, which begins with `source`, if another objective has the name.
    """
    known = _registered.get(objective.name)
    if known is not None and known is not objective:
        raise SlitError(f"{source}: name {objective.name!r} is taken, expected one of its own")
    _registered[objective.name] = objective
    return objective


def available() -> tuple[Objective, ...]:
    """All objectives: built-in first, then plug-ins."""
    _load_installed()
    return tuple(_registered.values())


def find(objectives: Iterable[object]) -> tuple[Objective, ...]:
    """The objectives given by name or as objects, in their order.

    An object is known by its name from then on, in place of an object given before (a notebook's
    cell runs again). Raises SlitError listing the known names, or where an object has the name of a
    built-in or registered objective.
    """
    _load_installed()
    if isinstance(objectives, str):
        raise SlitError(f"objectives: {objectives!r}, expected a list of names or Objectives")
    found: list[Objective] = []
    for given in objectives:
        if not isinstance(given, str | Objective):
            said = getattr(given, "__name__", type(given).__name__)
            raise SlitError(f"objective: {said}, expected a name or an Objective")
        name = given if isinstance(given, str) else _known_by_name(given)
        objective = find_measure(read_selected(name, "objective"), "objective")
        if any(each.name == objective.name for each in found):
            raise SlitError(f"objectives: {objective.name!r} twice, expected each once")
        found.append(objective)
    if not found:
        raise SlitError("objectives: none, expected at least one")
    return tuple(found)


def find_measure(selected: Selected, said: str) -> Objective:
    """The objective of a measure with its selector. Raises SlitError that begins with `said`."""
    name = selected.measure
    check_known(name, said)
    if name in _registered and not selected.chosen:
        return _registered[name]
    return restricted(selected, _registered, said)


def check_known(name: str, said: str, others: Iterable[str] = ()) -> None:
    """Raise SlitError, which begins with `said`, for a measure that is neither registered, nor made
    by restricting, nor among `others`."""
    _load_installed()
    known = (*_registered, *ONLY_RESTRICTED, *others)
    if name not in known:
        raise SlitError(
            f"{said}: {name!r}, expected one of {', '.join(known)}{did_you_mean(name, known)}"
        )


def load_plugin(path: str | Path) -> tuple[Objective, ...]:
    """Run a user's Python file and register every objective it defines.

    Raises SlitError if the file is missing, fails or defines no objective.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise SlitError(f"plug-in: no file {path}, expected a Python file with objectives")
    name = f"slit_plugin_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        module = sys.modules[name]
    else:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise SlitError(f"plug-in: {path}, expected a Python file (.py)")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise SlitError(
                f"plug-in {path}: {failure(error, str(file))}, expected a file that runs"
            ) from error
    objects = {id(value): value for value in vars(module).values()}.values()
    found = tuple(o for o in objects if isinstance(o, Objective) and o not in BUILT_IN)
    if not found:
        raise SlitError(f"plug-in {path}: no objective, expected a function decorated as one")
    return tuple(register(objective, source=f"plug-in {path}") for objective in found)


def _known_by_name(objective: Objective) -> str:
    name = objective.name
    if "[" in name:  # made of others, which are known
        return name
    if name in _given or name not in _registered:
        _given.add(name)
        _registered[name] = objective
    return register(objective).name


@contextmanager
def set_apart() -> Iterator[None]:
    """What is registered inside is forgotten afterwards: for tests."""
    global _registered, _installed_loaded, _given
    before = dict(_registered), _installed_loaded, set(_given)
    try:
        yield
    finally:
        _registered, _installed_loaded, _given = before


def plugin_hash(path: str | Path) -> str:
    """SHA-256 of a plug-in file, kept in the manifest of a run."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _load_installed() -> None:
    global _installed_loaded  # noqa: PLW0603 - the registry is the process's, loaded once
    if _installed_loaded:
        return
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            loaded = entry.load()
        except Exception as error:
            raise SlitError(
                f"plug-in {entry.name}: {type(error).__name__}: {error}, expected an Objective at "
                f"{entry.value} (entry point of {ENTRY_POINTS})"
            ) from error
        for objective in loaded if isinstance(loaded, list | tuple) else (loaded,):
            if not isinstance(objective, Objective):
                raise SlitError(
                    f"plug-in {entry.name}: {type(objective).__name__}, expected an Objective"
                )
            register(objective, source=f"plug-in {entry.name}")
    _installed_loaded = True
