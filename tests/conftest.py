"""The fixed cast, two projects, and a test database that survives the evidence triggers.

How a transactional test (`django_db(transaction=True)`, `live_server`) cleans up: Django would empty every table, which the
triggers of `ledger.guards` refuse, which takes the data of the migrations (routes, standards) along, and which takes
PostgreSQL seconds. So only the tables that are not as the migrations left them are emptied, with their triggers lifted for that
alone, and the data of the migrations is written again. It happens after each such test, whatever the order of tests, on
SQLite and PostgreSQL. No mark is needed.
"""

import time
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace

import hypothesis
import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core import serializers
from django.db import connections, transaction
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from ledger import guards
from projects.choices import BusinessLine, Importance
from projects.models import Assignment, Client, Discipline, Project
from staff.choices import CertificateKind, Role
from staff.models import Certificate, Post, Unit, User

# How long an example takes depends on what else the machine has to do; so does how fast examples are made.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("house")

PASSWORD = "Zaojia@2026"
LONG_AGO = date(2024, 1, 1)
CERTIFICATE_ENDS = date(2030, 12, 31)


def pytest_addoption(parser):
    parser.addoption("--print-table", help="write the permission table as the site has it (tests/test_permissions.py)")


# ── The database ────────────────────────────────────────────────────────────
@contextmanager
def guards_lifted(connection, tables: list[str] | None = None):
    """What only the owner of the database could do: the evidence triggers, of `tables` or of all, are out of the way inside
    the block."""
    if tables is None:
        tables = guards.guarded_tables()
    if connection.vendor == "postgresql":
        lift = [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in tables]
        restore = [f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in tables]
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = [(name, sql) for table, name, sql in cursor.fetchall() if table in tables]
        lift = [f'DROP TRIGGER "{name}"' for name, _ in triggers]
        restore = [sql for _, sql in triggers]
    connection.check_constraints()  # PostgreSQL alters no table with deferred checks outstanding
    _execute(connection, lift)
    yield
    connection.check_constraints()
    _execute(connection, restore)


def _execute(connection, statements: list[str]) -> None:
    """Each of them; PostgreSQL takes all at once."""
    if connection.vendor == "postgresql":
        statements = ["; ".join(statements)] if statements else []
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class _AsMigrated:
    """A database as the migrations left it, and the way back to it."""

    def __init__(self, alias: str):
        self.alias = alias
        connection = self.connection
        self.tables = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
        self.rows = {table: self._rows(table) for table in self._filled()}
        self.counters = self._counters()
        self.objects = {
            model._meta.db_table: serializers.serialize("python", model._base_manager.using(alias).all())
            for model in apps.get_models()
            if model._meta.db_table in self.rows
        }
        # The rows of a many-to-many field are written with another table's objects: `restore` would have to know of which.
        assert self.rows.keys() == self.objects.keys()

    @property
    def connection(self):
        """The present one: Playwright's event loop in the thread has a connection of its own."""
        return connections[self.alias]

    def restore(self) -> None:
        """Empty every table that has rows and write the migrations' again, where they are not as they were."""
        changed = [table for table in self._filled() | self.rows.keys() if self._rows(table) != self.rows.get(table)]
        objects = [each for table in changed for each in self.objects.get(table, [])]
        with transaction.atomic(using=self.alias), guards_lifted(self.connection, changed):
            _execute(self.connection, [f'DELETE FROM "{table}"' for table in changed])
            for each in serializers.deserialize("python", objects, using=self.alias):
                each.save(using=self.alias)
        self._restore_counters()

    def _filled(self) -> set[str]:
        """The tables that have a row."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in self.tables))
            return {table for table, is_filled in zip(self.tables, cursor.fetchone(), strict=True) if is_filled}

    def _rows(self, table: str) -> list[tuple]:
        with self.connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            return cursor.fetchall()

    def _counters(self) -> dict[str, int | None]:
        """The last number that each table or sequence has given away; None or no line for none."""
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")
            else:
                cursor.execute("SELECT name, seq FROM sqlite_sequence")
            return dict(cursor.fetchall())

    def _restore_counters(self) -> None:
        now = self._counters()
        if self.connection.vendor == "postgresql":
            used = [name for name, value in now.items() if value != self.counters[name]]
            _execute(
                self.connection,
                [
                    f"SELECT setval('\"{name}\"', {self.counters[name] or 1}, {self.counters[name] is not None})"
                    for name in used
                ],
            )
        elif now != self.counters:
            with self.connection.cursor() as cursor:
                cursor.execute("DELETE FROM sqlite_sequence")
                cursor.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", self.counters.items())


_as_migrated: dict[str, _AsMigrated] = {}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Django's, and a copy of what the migrations wrote."""
    with django_db_blocker.unblock():
        for alias in connections:
            _as_migrated[alias] = _AsMigrated(alias)


def _restore_database(self):
    for name in self._databases_names(include_mirrors=False):
        _as_migrated[name].restore()


TransactionTestCase._fixture_teardown = _restore_database


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory, request):
    """SQLite in a file, as in real life: in memory, all threads of a live server would share one connection."""
    database = connections["default"]
    if database.vendor == "sqlite":
        database.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    else:
        request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    """Uploads, exported heads and the cache of a test go to its own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.LEDGER_HEADS_FILE = tmp_path / "ledger_heads.jsonl"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": tmp_path}}


@pytest.fixture(autouse=True)
def _limits_stand_still(monkeypatch):
    """What one address may send in ten minutes is counted in one window, whenever the test is run."""
    started = time.time()
    monkeypatch.setattr("staff.limits._now", lambda: started)


# ── The cast ────────────────────────────────────────────────────────────────
class _Casting:
    """Engages people: each with the same password, a certificate and the posts that the part needs."""

    def __init__(self):
        self.password = make_password(PASSWORD)
        self.hq = Unit.objects.create(code="HQ", name="公司本部")
        self.zj1 = Unit.objects.create(code="ZJ1", name="造价一所", parent=self.hq)
        self.zj2 = Unit.objects.create(code="ZJ2", name="造价二所", parent=self.hq)
        self.count = 0

    def engage(self, name: str, unit: Unit, *posts: tuple[Role, Unit | None], is_active: bool = True) -> User:
        self.count += 1
        number = f"T{self.count:03}"
        user = User.objects.create(
            employee_number=number, name=name, unit=unit, password=self.password, is_active=is_active
        )
        Certificate.objects.create(
            user=user,
            kind=CertificateKind.COST_ENGINEER_1,
            number=f"建[造]1133{self.count:04}",
            expires_on=CERTIFICATE_ENDS,
        )
        for role, where in posts:
            Post.objects.create(user=user, role=role, unit=where, starts_on=LONG_AGO)
        return user


@pytest.fixture
def cast(db):
    """The people of every test, by their part; `cast.zj1` and the like are the units. All log in with PASSWORD."""
    firm = _Casting()
    hq, zj1, zj2 = firm.hq, firm.zj1, firm.zj2
    return SimpleNamespace(
        hq=hq,
        zj1=zj1,
        zj2=zj2,
        preparer=firm.engage("编制人", zj1),
        checker=firm.engage("校核人", zj1),
        verifier=firm.engage("复核人", zj1),
        approver=firm.engage("审核人", zj1, (Role.TECHNICAL_DIRECTOR, zj1)),
        chief_engineer=firm.engage("总工", hq, (Role.CHIEF_ENGINEER, None)),
        executive=firm.engage("管理层", hq, (Role.EXECUTIVE, None)),
        quality_office=firm.engage("质量办", hq, (Role.QUALITY_OFFICE, None)),
        administrator=firm.engage("管理员", hq, (Role.ADMINISTRATOR, None)),
        auditor=firm.engage("审计员", hq, (Role.AUDITOR, None)),
        archivist=firm.engage("档案员", hq, (Role.ARCHIVIST, None)),
        expert1=firm.engage("专家甲", hq),
        expert2=firm.engage("专家乙", hq),
        outsider=firm.engage("局外人", zj2),
        disabled=firm.engage("离职人", zj1, is_active=False),
    )


def _discipline(code: str, name: str) -> Discipline:
    return Discipline.objects.filter(name=name).first() or Discipline.objects.create(code=code, name=name)


def _project(number: str, unit: Unit, creator: User, **fields) -> Project:
    client, _ = Client.objects.get_or_create(name="滨江城市建设投资有限公司")
    fields = {"name": "滨江花园二期", "business_line": BusinessLine.SETTLEMENT_REVIEW, **fields}
    return Project.objects.create(number=number, client=client, unit=unit, created_by=creator, **fields)


def _assign(project: Project, user: User, role: Role, discipline: Discipline | None = None) -> Assignment:
    return Assignment.objects.create(project=project, user=user, role=role, discipline=discipline, starts_on=LONG_AGO)


def _project_of_cast(cast, number: str, **fields) -> Project:
    project = _project(number, cast.zj1, cast.approver, **fields)
    civil = _discipline("TJ", "土建")
    _assign(project, cast.preparer, Role.COST_ENGINEER, civil)
    _assign(project, cast.checker, Role.DISCIPLINE_LEAD, civil)
    _assign(project, cast.verifier, Role.PROJECT_MANAGER)
    return project


@pytest.fixture
def project(cast):
    """2026-ZJ1-001, 结算审核, 一般: 编制人 and 校核人 in 土建, 复核人 as project manager; 审核人 by the post at ZJ1."""
    return _project_of_cast(cast, "2026-ZJ1-001")


@pytest.fixture
def major_project(cast):
    """2026-ZJ1-002, 重大: the same team and two experts."""
    project = _project_of_cast(cast, "2026-ZJ1-002", name="滨江会展中心", importance=Importance.MAJOR)
    _assign(project, cast.expert1, Role.EXPERT)
    _assign(project, cast.expert2, Role.EXPERT)
    return project


@pytest.fixture
def other_project(cast):
    """2026-ZJ2-001, 内部: the outsider's."""
    project = _project("2026-ZJ2-001", cast.zj2, cast.executive, name="城北污水处理厂")
    _assign(project, cast.outsider, Role.COST_ENGINEER, _discipline("TJ", "土建"))
    return project


@pytest.fixture
def log_in(client):
    """`log_in(cast.preparer)` returns Django's test client, logged in as that person."""

    def log_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


@pytest.fixture
def count_queries(client):
    """`count_queries(url)` gets a page with the logged-in test client and returns how many queries it cost."""

    def count(url: str) -> int:
        with CaptureQueriesContext(connections["default"]) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    return count
