"""The floors of the house (docs/architecture.md): who may import, point to and write what.

The order of the floors has one home, the import-linter contract in pyproject.toml; this file reads it from there.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest
from django.apps import apps

ROOT = Path(__file__).parent.parent
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
FLOORS = next(contract["layers"] for contract in CONTRACT["contracts"] if contract["type"] == "layers")
# App → number of its floor, the lowest is 0.
FLOOR_OF = {app.strip(): floor for floor, apps_ in enumerate(reversed(FLOORS)) for app in apps_.split("|")}

NOT_APPS = {"config", "tests", "bench", "drills"}
PRIVATE_ROOMS = {"views", "forms", "urls", "api", "admin"}


@pytest.fixture(scope="module")
def imports():
    """Every import inside the house, as pairs (importer, imported)."""
    graph = grimp.build_graph(*FLOOR_OF, include_external_packages=True, cache_dir=None)
    return {(module, target) for module in graph.modules for target in graph.find_modules_directly_imported_by(module)}


def app_sources():
    return [path for app in FLOOR_OF for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]


def test_imports_keep_to_the_floors():
    """In a process of its own: the linter silences every logger that there is."""
    lint = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_foreign_keys_point_to_the_same_app_or_a_lower_floor():
    """A string foreign key is an import that the linter does not see."""
    upward = [
        f"{field} → {target}"
        for model in apps.get_models()
        if (app := model._meta.app_label) in FLOOR_OF
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model
        if (target := field.related_model._meta.app_label) in FLOOR_OF
        if target != app and FLOOR_OF[target] >= FLOOR_OF[app]
    ]
    assert upward == []


def test_every_package_at_the_top_is_an_app_with_a_floor():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - NOT_APPS == set(FLOOR_OF) == set(CONTRACT["root_packages"]) - {"config"}
    assert set(FLOOR_OF) <= {config.name for config in apps.get_app_configs()}


def test_nothing_is_called_common_utils_or_core():
    names = {path.stem for path in app_sources()} | {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert names.isdisjoint({"common", "utils", "core", "helpers", "misc"})


def test_views_forms_and_the_like_stay_inside_their_app(imports):
    """Apps meet through choices, rules, models, queries and services."""
    trespasses = [
        f"{importer} → {imported}"
        for importer, imported in imports
        if PRIVATE_ROOMS & set(imported.split(".")[1:2]) and imported.split(".")[0] in FLOOR_OF
        if importer.split(".")[0] != imported.split(".")[0]
    ]
    assert trespasses == []


def test_weasyprint_has_one_door(imports):
    assert {importer for importer, imported in imports if imported == "weasyprint"} <= {"printing.pdf"}


def test_only_the_ledger_writes_the_ledger():
    write = re.compile(r"\bEntry(\.objects\.(bulk_)?(create|update|get_or_create|update_or_create|delete))?\(")
    writers = [path.relative_to(ROOT) for path in app_sources() if write.search(path.read_text())]
    assert {path.parts[:2] for path in writers} <= {
        ("ledger", "models.py"),
        ("ledger", "services.py"),
        ("ledger", "services"),
    }
