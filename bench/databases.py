"""Scratch databases of our own, made and dropped again: on PostgreSQL where one answers, else SQLite files."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2


def _postgres_urls() -> list[str]:
    """Where to look: what the environment names, else this machine's server as its usual owner."""
    named = os.environ.get("DATABASE_URL", "")
    if named:
        return [named] if named.startswith("postgres") else []
    return ["postgres://postgres@127.0.0.1:5432/postgres"]


@dataclass(frozen=True)
class Postgres:
    """A server on which we may make databases; `url` leads to one that exists."""

    url: str
    words: str

    def _execute(self, statement: str) -> None:
        connection = psycopg2.connect(self.url, connect_timeout=3)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def url_of(self, name: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def create(self, name: str, like: str = "template1") -> None:
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')

    def drop(self, name: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class Sqlite:
    """Files in the bench's own folder."""

    folder: Path
    words: str = "SQLite"

    def url_of(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.sqlite3"

    def create(self, name: str, like: str = "") -> None:
        if like:
            shutil.copy(self.folder / f"{like}.sqlite3", self.folder / f"{name}.sqlite3")

    def drop(self, name: str) -> None:
        for path in self.folder.glob(f"{name}.sqlite3*"):
            path.unlink()


def find_server(folder: Path) -> Postgres | Sqlite:
    for url in _postgres_urls():
        try:
            connection = psycopg2.connect(url, connect_timeout=3)
        except psycopg2.OperationalError:
            continue
        version = connection.server_version
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            may_create = cursor.fetchone()[0]
        connection.close()
        if may_create:
            return Postgres(url, f"PostgreSQL {version // 10000}.{version % 10000}")
    return Sqlite(folder)


@contextmanager
def scratch(server: Postgres | Sqlite, what: str = ""):
    """Names of a small and a large database, dropped at the end whatever happens."""
    names = [f"zaojia_bench_{os.getpid()}_{what}{size}" for size in ("small", "large")]
    try:
        yield names
    finally:
        for name in names:
            server.drop(name)
