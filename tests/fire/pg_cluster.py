"""A PostgreSQL cluster of our own, made to be frozen, killed, promoted; and pgbouncer in front of it.

Only processes started here are touched, each by its own pid. The server refuses to run as root, so root
runs it as the user postgres.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.fire.desk_child import wait_until_stopped

_START = 300.0  # seconds; a crowded machine
_PORTS = range(20_000, 32_000)  # below those that the system gives to whoever asks for any
_HOST = "127.0.0.1"
_SETTINGS = """
listen_addresses = '127.0.0.1'
shared_buffers = 32MB
max_connections = 60
wal_level = replica
hot_standby = on
max_wal_senders = 4
log_min_messages = fatal
"""


def server_binaries() -> Path | None:
    """Return the folder of the newest installed server, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if found:
        return found[-1].parent
    here = shutil.which("initdb")
    return Path(here).parent if here else None


_reserved: list[socket.socket] = []


def free_port() -> int:
    """Return a port that nobody listens on, and that no other test will take as long as this process lives.

    Between the choice and the start of a server, and while a server is down, the port is nobody's: the UDP
    port of the same number is kept as the sign that it is ours.
    """
    while True:
        port = random.choice(_PORTS)
        ours = socket.socket(type=socket.SOCK_DGRAM)
        try:
            ours.bind((_HOST, port))
            with socket.socket() as listener:
                listener.bind((_HOST, port))
        except OSError:
            ours.close()
            continue
        _reserved.append(ours)
        return port


@contextmanager
def own_folder() -> Iterator[Path]:
    """Yield a folder that belongs to the server's user; pytest's own are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="registrar-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_server(command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
    words = [str(word) for word in command]
    server = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    return subprocess.Popen(
        words,
        user=server.pw_uid if server else None,
        group=server.pw_gid if server else None,
        extra_groups=[] if server else None,
        cwd="/",
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _run(command: Sequence[str | Path]) -> None:
    code = _as_server(command).wait(_START)
    assert code == 0, f"{Path(str(command[0])).name} ended with {code}"


class Cluster:
    """One server with its data folder and port."""

    def __init__(self, folder: Path, name: str) -> None:
        binaries = server_binaries()
        assert binaries is not None
        self._bin = binaries
        self._folder = folder
        self._data = folder / name
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://postgres@{_HOST}:{self.port}/{database}"

    def create(self) -> None:
        """Make an empty cluster and start it."""
        _run([self._bin / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"])
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_SETTINGS)
        self.start()

    def follow(self, primary: Cluster) -> None:
        """Become a standby of a running primary and start."""
        source = f"host={_HOST} port={primary.port} user=postgres application_name=standby"
        _run(
            [self._bin / "pg_basebackup", "-D", self._data, "-R", "-X", "stream", "-c", "fast", "-d", source]
        )
        self.start()

    def start(self, *, wait: bool = True) -> None:
        """Start the server; a killed one leaves its memory behind for a moment, so it is tried again."""
        deadline = time.monotonic() + _START
        while True:
            words: list[str | Path] = [self._bin / "postgres", "-D", self._data, "-p", str(self.port)]
            self._process = _as_server([*words, "-k", self._folder])
            if not wait or self._answers(deadline):
                return
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.2)

    def _answers(self, deadline: float) -> bool:
        assert self._process is not None
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=2).close()
                return True
            time.sleep(0.05)
        return False

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement outside a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def family(self) -> list[int]:
        """Return the pids of the postmaster and its children; it is stopped, or it would have others soon."""
        assert self._process is not None
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)
        wait_until_stopped(pid)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [pid, *(int(child) for child in children)]

    def walsenders(self) -> list[int]:
        """Return the pids that feed the standby."""
        return [int(str(row[0])) for row in self.sql("SELECT pid FROM pg_stat_replication")]

    def freeze(self) -> None:
        """Stop every process where it stands: the network still takes what is sent."""
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill the server and its children at once, as a power cut of that machine would."""
        if self._process is None:
            return
        family = self.family() if self._process.poll() is None else []
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(_START)
        self._process = None

    def promote(self) -> None:
        """Make a standby the primary."""
        self.sql("SELECT pg_promote(true, 60)")


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """Yield a running server that is gone afterwards."""
    with own_folder() as folder:
        cluster = Cluster(folder, "primary")
        try:
            cluster.create()
            yield cluster
        finally:
            cluster.kill()


@contextmanager
def primary_and_standby(*, synchronous: bool) -> Iterator[tuple[Cluster, Cluster]]:
    """Yield a primary and its standby, in step."""
    with own_folder() as folder:
        primary, standby = Cluster(folder, "primary"), Cluster(folder, "standby")
        try:
            primary.create()
            standby.follow(primary)
            if synchronous:
                primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
                primary.sql("SELECT pg_reload_conf()")
            wanted = "sync" if synchronous else "async"
            deadline = time.monotonic() + _START
            while primary.sql("SELECT sync_state FROM pg_stat_replication") != [(wanted,)]:
                assert time.monotonic() < deadline, "the standby does not follow"
                time.sleep(0.05)
            yield primary, standby
        finally:
            primary.kill()
            standby.kill()


@contextmanager
def pgbouncer_before(cluster: Cluster, database: str) -> Iterator[str]:
    """Yield the URL of a pgbouncer in transaction mode with fewer server connections than desks."""
    binary = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert binary is not None
    with own_folder() as folder:
        port = free_port()
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n{database} = host={_HOST} port={cluster.port} dbname={database} user=postgres\n"
            f"[pgbouncer]\nlisten_addr = {_HOST}\nlisten_port = {port}\nunix_socket_dir =\n"
            "auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 50\n"
            f"logfile = {folder}/pgbouncer.log\n",
            encoding="utf-8",
        )
        process = _as_server([binary, settings])
        try:
            _wait_for_port(port)
            yield f"postgresql://postgres@{_HOST}:{port}/{database}"
        finally:
            process.terminate()
            process.wait(_START)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _START
    while True:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), 1):
            return
        assert time.monotonic() < deadline, "pgbouncer does not start"
        time.sleep(0.05)
