"""Who may import whom: arrows between the packages point one way only."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "memlearn"

# Each part may import the parts before it that it names, and itself.
MAY_IMPORT = {
    "types": set(),
    "mesh": {"types"},
    "ops": {"types"},
    "memory": {"ops", "mesh", "types"},
    "memories": {"memory", "types"},
    "encoders": {"types"},
    "policy": {"memory", "encoders", "types"},
    "tasks": {"types"},
    "data": {"types"},
    "learning": {"policy", "memory", "tasks", "types"},
    "training": {"learning", "mesh", "types"},
    "evaluation": {"training", "memory", "tasks", "mesh", "types"},
    "worlds": {"build", "data", "learning", "tasks", "types"},
    "checks": {"build", "learning", "memory", "types"},
    "recorded": {"data", "learning", "tasks", "training", "types"},
}
TABLE = PACKAGE / "build.py"  # imports everything
MODULES = [x for x in PACKAGE.rglob("*.py") if x.name != "__init__.py" and x != TABLE]


def part(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path):
    """The parts of memlearn that a module imports, and the foreign packages."""
    ours, foreign = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            head, *rest = name.split(".")
            if head != "memlearn":
                foreign.add(head)
            else:
                ours |= {rest[0]} if rest else {alias.name for alias in node.names}
    return ours, foreign


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_one_way(path):
    ours, foreign = imports(path)
    assert ours <= MAY_IMPORT[part(path)] | {part(path)}
    assert "experiments" not in foreign
    if part(path) == "ops":
        assert not foreign & {"flax", "ml_collections"}
    assert "ml_collections" not in foreign or path.name == "workdir.py"


def test_every_part_is_listed():
    assert {part(path) for path in MODULES} == set(MAY_IMPORT)


def test_files_fit_a_reader():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "experiments").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 300, path
