"""The embedded database: a private PostgreSQL cluster with PostGIS under CAUNOI_VAR.

It listens on a Unix socket in a closed folder and on loopback, and asks for a password on both.
PostgreSQL refuses to run as root, so a root installation runs it as an unprivileged account.
"""

import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from backend.roof import processes
from backend.roof.errors import StartFailed, ToolMissing
from backend.roof.places import free_port, is_port_free, read_or_make_secret

OWNER = "caunoi"
DATABASE = "caunoi"
# sun_path holds 108 bytes with its closing NUL; the socket's name takes up to 16 of them
_SOCKET_FOLDER_MAX_BYTES = 107 - len("/.s.PGSQL.65535")


@dataclass(frozen=True)
class Cluster:
    """One private cluster; `account` is whom PostgreSQL runs as, None for ourselves."""

    folder: Path
    socket_folder: Path
    port: int
    bin_folder: Path
    password: str = field(repr=False)
    account: pwd.struct_passwd | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where our own processes connect: the Unix socket."""
        return self.url_of(DATABASE)

    @property
    def tcp_url(self) -> str:
        """The same database over loopback TCP."""
        return f"postgresql://{OWNER}:{quote(self.password)}@127.0.0.1:{self.port}/{DATABASE}"

    def url_of(self, database: str) -> str:
        """The Unix socket URL of another database of this cluster."""
        folder = quote(str(self.socket_folder), safe="")
        return (
            f"postgresql://{OWNER}:{quote(self.password)}@/{database}"
            f"?host={folder}&port={self.port}"
        )


def find_postgresql() -> Path:
    """The folder with initdb and postgres of the newest version that has PostGIS."""
    versions = sorted(
        (int(bin_folder.parent.name), bin_folder)
        for bin_folder in Path("/usr/lib/postgresql").glob("*/bin")
        if bin_folder.parent.name.isdigit()
        and (bin_folder / "initdb").exists()
        and Path(
            f"/usr/share/postgresql/{bin_folder.parent.name}/extension/postgis.control"
        ).exists()
    )
    if not versions:
        raise ToolMissing(
            "Máy này chưa có PostgreSQL với PostGIS (gói postgresql-15-postgis-3).",
            "PostgreSQL with PostGIS is not installed (Debian package postgresql-15-postgis-3).",
        )
    return versions[-1][1]


def prepare_cluster(var_dir: Path, *, say: Callable[[str], None] = lambda _: None) -> Cluster:
    """The cluster of this CAUNOI_VAR, made when there is none yet; it is not started.

    Its place and port are remembered in `cluster.json`; a remembered port that somebody else took
    meanwhile is replaced. `say` hears when the cluster has to lie elsewhere.
    """
    place_file = var_dir / "cluster.json"
    account = _unprivileged_account()
    known = json.loads(place_file.read_text()) if place_file.exists() else {}
    folder = Path(known["folder"]) if known else _choose_folder(var_dir, account=account)
    socket_folder = _prepare_socket_folder(folder, known.get("socket_folder"), account=account)
    wanted = known.get("port")
    cluster = Cluster(
        folder=folder,
        socket_folder=socket_folder,
        port=wanted if wanted and _may_listen(wanted, folder) else free_port(),
        bin_folder=_matching_binaries(folder),
        password=read_or_make_secret(var_dir / "secrets" / "database-password"),
        account=account,
    )
    if not folder.is_relative_to(var_dir):
        say(f"the account {account and account.pw_name} cannot enter {var_dir}; data in {folder}")
    if not (folder / "PG_VERSION").exists():
        say("making the database cluster")
        _initialise(cluster)
    place = {"folder": str(folder), "socket_folder": str(socket_folder), "port": cluster.port}
    place_file.write_text(json.dumps(place, indent=1) + "\n")
    return cluster


def find_cluster(var_dir: Path) -> Cluster | None:
    """The cluster that this CAUNOI_VAR already has; None before its first start."""
    place_file = var_dir / "cluster.json"
    if not place_file.exists():
        return None
    known = json.loads(place_file.read_text())
    return Cluster(
        folder=Path(known["folder"]),
        socket_folder=Path(known["socket_folder"]),
        port=known["port"],
        bin_folder=_matching_binaries(Path(known["folder"])),
        password=read_or_make_secret(var_dir / "secrets" / "database-password"),
        account=_unprivileged_account(),
    )


def server_environment() -> dict[str, str]:
    # C.UTF-8: messages in the log do not depend on who started the server
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _initialise(cluster: Cluster) -> None:
    """Make the cluster's files; a run that broke off leaves nothing that looks finished."""
    half_made = cluster.folder.with_name(cluster.folder.name + ".making")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    password_file = half_made.with_suffix(".password")
    password_file.touch(mode=0o600)
    password_file.write_text(cluster.password + "\n")
    _give(half_made, cluster.account)
    _give(password_file, cluster.account)
    try:
        made = processes.run_as(
            [
                cluster.bin_folder / "initdb",
                f"--pgdata={half_made}",
                f"--username={OWNER}",
                f"--pwfile={password_file}",
                "--auth-local=scram-sha-256",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                # codes and ids compare as bytes; what people read names its own collation
                "--locale-provider=libc",
                "--locale=C.UTF-8",
                "--lc-collate=C",
                "--data-checksums",
            ],
            account=cluster.account,
            environ=server_environment(),
        )
    finally:
        password_file.unlink()
    if made.returncode != 0:
        raise StartFailed(
            f"Không tạo được cơ sở dữ liệu.\n{made.stdout}",
            f"initdb failed.\n{made.stdout}",
        )
    half_made.rename(cluster.folder)


def _choose_folder(var_dir: Path, *, account: pwd.struct_passwd | None) -> Path:
    """`var/postgresql`, or a place outside when that account cannot enter this folder."""
    if account is None or _can_enter(var_dir, account):
        return var_dir / "postgresql"
    digest = sha256(str(var_dir).encode()).hexdigest()[:12]
    elsewhere = Path("/var/lib/caunoi") / digest
    elsewhere.mkdir(parents=True, exist_ok=True)
    return elsewhere / "postgresql"


def _prepare_socket_folder(
    folder: Path, known: str | None, *, account: pwd.struct_passwd | None
) -> Path:
    if known is not None and Path(known).is_dir():
        return Path(known)
    beside = folder.with_name("socket")
    if len(os.fsencode(beside)) <= _SOCKET_FOLDER_MAX_BYTES:
        beside.mkdir(mode=0o700, exist_ok=True)
    else:
        beside = Path(tempfile.mkdtemp(prefix="caunoi-", dir="/tmp"))  # made 0700, and new
    _give(beside, account)
    return beside


def _matching_binaries(folder: Path) -> Path:
    """The binaries of the version that made this folder; the newest for a new one."""
    version_file = folder / "PG_VERSION"
    if not version_file.exists():
        return find_postgresql()
    version = version_file.read_text().strip()
    bin_folder = Path("/usr/lib/postgresql") / version / "bin"
    if not (bin_folder / "postgres").exists():
        raise ToolMissing(
            f"Dữ liệu này cần PostgreSQL {version} (gói postgresql-{version}-postgis-3).",
            f"This data needs PostgreSQL {version} (package postgresql-{version}-postgis-3).",
        )
    return bin_folder


def _unprivileged_account() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root: Debian's `postgres`, else a `caunoi` of our own."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", OWNER):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    useradd = processes.find_tool("useradd", package="passwd")
    processes.run_as(
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OWNER],
        account=None,
    )
    return pwd.getpwnam(OWNER)


def _can_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    return processes.run_as(["test", "-x", folder], account=account).returncode == 0


def _may_listen(port: int, folder: Path) -> bool:
    """Whether the port is free, or held by this very cluster's own leftover server."""
    return is_port_free(port) or (folder / "postmaster.pid").exists()


def _give(path: Path, account: pwd.struct_passwd | None) -> None:
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
