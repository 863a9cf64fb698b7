#!/usr/bin/env python3
"""The private PostgreSQL cluster of this checkout: start, stop, and the settings that reach it.

    cluster.py start   make the cluster, roles and database if they are missing, start it, write var/env
    cluster.py stop    stop it
    cluster.py env     print KEY='value' lines for a shell: eval "$(python3 setup/cluster.py env)"
    cluster.py where   print the folders in use

Standard library only: it runs before there is a virtual environment. Nothing here listens on the network unless
DB_PORT is set, so two checkouts never meet. When DATABASE_URL is set by the caller, that server is used instead.
"""

import fcntl
import glob
import hashlib
import os
import pwd
import secrets
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

REPO = Path(__file__).resolve().parent.parent
VAR = REPO / "var"
DATABASE = "xunfang"
ROLES = {
    # The owner makes tables and grants; everybody else gets only what a migration grants.
    "xunfang_owner": "LOGIN CREATEROLE NOSUPERUSER",
    "xunfang_app": "LOGIN NOSUPERUSER",
    "xunfang_worker": "LOGIN NOSUPERUSER",
    "xunfang_readonly": "LOGIN NOSUPERUSER",
    "xunfang_retention": "LOGIN NOSUPERUSER",
}
EXTENSIONS = ("postgis", "btree_gist")
# The longest name the kernel takes for a Unix socket (sun_path is 108 bytes with its closing zero).
LONGEST_SOCKET = 107
SETTINGS = {
    "max_connections": "100",
    "max_locks_per_transaction": "512",  # some 200 partitions; a clone or a drop locks them all at once
    "shared_buffers": "'256MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    "jit": "off",  # compiling costs more than our short queries take
    "timezone": "'UTC'",
    "log_min_duration_statement": "1000",
    "log_line_prefix": "'%m %u@%d '",
}


class Trouble(Exception):
    """Something a person has to put right; the text is the whole sentence they see."""


def say(text):
    print("· " + text, file=sys.stderr, flush=True)


# ---------------------------------------------------------------- where things lie


def fingerprint():
    return hashlib.sha256(str(REPO).encode()).hexdigest()[:10]


def server_user():
    """PostgreSQL refuses to run as root; then it runs as `postgres`, which Debian's package makes."""
    return "postgres" if os.geteuid() == 0 else None


def as_server(argv):
    user = server_user()
    return ["runuser", "-u", user, "--", *argv] if user else argv


def can_enter(folder):
    probe = subprocess.run(as_server(["test", "-x", str(folder)]), cwd="/", stderr=subprocess.DEVNULL)
    return probe.returncode == 0


def home():
    """The folder of the cluster: var/, unless PostgreSQL's user may not enter the checkout (one under /root)."""
    if not server_user() or can_enter(REPO):
        return VAR
    return Path("/var/tmp") / f"xunfang-{fingerprint()}"


def data_dir():
    return home() / "pg"


def port():
    return int(os.environ.get("DB_PORT") or 5432)


def socket_dir():
    inside = home() / "run"
    if len(os.fsencode(str(inside / ".s.PGSQL.65535"))) <= LONGEST_SOCKET:
        return inside
    return Path("/tmp") / f"xunfang-{fingerprint()}"


def own(folder, mode):
    """Make a folder for the server's user alone. In /tmp somebody else may have made it first: then we stop."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = pwd.getpwnam(server_user()).pw_uid if server_user() else os.geteuid()
    state = os.lstat(folder)
    if folder.is_symlink() or state.st_uid not in (uid, os.geteuid()):
        owner = state.st_uid
        raise Trouble(
            f"{folder} belongs to another user (id {owner}). Run make as that user, or remove the folder."
        )
    if state.st_uid != uid:
        os.chown(folder, uid, pwd.getpwuid(uid).pw_gid)
    os.chmod(folder, mode)


def bin_dir():
    """Debian's own binaries, of the version the data were made with, else the newest that has PostGIS.

    `initdb` on the PATH may be a wrapper or another build, so the PATH is not asked.
    """
    made = data_dir() / "PG_VERSION"
    wanted = made.read_text().strip() if made.exists() else None
    found = {}
    for control in glob.glob("/usr/share/postgresql/*/extension/postgis.control"):
        version = control.split("/")[4]
        if (
            version.isdigit()
            and int(version) >= 14
            and Path(f"/usr/lib/postgresql/{version}/bin/postgres").exists()
        ):
            found[version] = Path(f"/usr/lib/postgresql/{version}/bin")
    if wanted and wanted not in found:
        raise Trouble(
            f"The data in {data_dir()} were made with PostgreSQL {wanted}, which is not installed: "
            f"apt-get install postgresql-{wanted} postgresql-{wanted}-postgis-3, or remove the folder for a new start."
        )
    if not found:
        raise Trouble("PostgreSQL with PostGIS is not installed: apt-get install postgresql-15-postgis-3")
    return found[wanted or max(found, key=int)]


# ---------------------------------------------------------------- running or not


def processes():
    """The processes at work in our data folder (PostgreSQL makes it its working directory)."""
    data = os.path.realpath(data_dir())
    here = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/cwd") == data:
                    here.append(int(entry))
            except OSError:
                pass
    return here


def pid_lines():
    try:
        return (data_dir() / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def running():
    lines = pid_lines()
    return bool(lines) and lines[0].strip().isdigit() and int(lines[0]) in processes()


def drop_stale_locks():
    """After a crash or a restart of the machine the number in a lock file may be somebody else's by now.

    The files are removed only when no process works in the data folder, for then nothing can be writing there; the
    socket's folder is this cluster's alone.
    """
    if running():
        return
    for _ in range(50):
        if not processes():
            break
        time.sleep(0.1)
    else:
        raise Trouble(
            f"PostgreSQL processes are left over in {data_dir()}: {processes()}. Stop them, then try again."
        )
    for stale in [data_dir() / "postmaster.pid", *socket_dir().glob(".s.PGSQL.*.lock")]:
        if stale.exists():
            stale.unlink()
            say(f"removed {stale.name} of a server that is gone")


# ---------------------------------------------------------------- making and starting


def run(argv, what):
    done = subprocess.run(
        as_server([str(word) for word in argv]),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise Trouble(f"{what} failed:\n{done.stdout.strip()}")
    return done.stdout


def make_cluster():
    if (data_dir() / "PG_VERSION").exists():
        return
    say(f"making a private PostgreSQL cluster in {data_dir()}")
    run(
        # Trust is for the socket, whose folder only its owner and root may enter. TCP asks for a password.
        [bin_dir() / "initdb", "-D", data_dir(), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
         "--auth-local=trust", "--auth-host=scram-sha-256", "--data-checksums"],
        "initdb",
    )  # fmt: skip


def start_cluster():
    if running():
        if os.environ.get("DB_PORT") and pid_lines()[3:4] != [str(port())]:
            raise Trouble(
                f"PostgreSQL already runs on port {pid_lines()[3]}. "
                f"Stop it first: make db-stop, then make db-start DB_PORT={port()}"
            )
        return
    drop_stale_locks()
    wanted = {
        **SETTINGS,
        "listen_addresses": "'127.0.0.1'" if os.environ.get("DB_PORT") else "''",
        "port": port(),
        "unix_socket_directories": "'" + str(socket_dir()).replace("'", "''") + "'",
        "unix_socket_permissions": "0700",
    }
    # The last value of a setting wins, so ours stand below initdb's own file.
    conf = data_dir() / "xunfang.conf"
    conf.write_text("".join(f"{key} = {value}\n" for key, value in wanted.items()))
    conf.chmod(0o644)
    main = data_dir() / "postgresql.conf"
    if "include 'xunfang.conf'" not in main.read_text():
        with main.open("a") as out:
            out.write("\ninclude 'xunfang.conf'\n")
    log = data_dir() / "server.log"
    try:
        run(
            [bin_dir() / "pg_ctl", "-D", data_dir(), "-l", log, "-w", "-t", "60", "start"],
            "Starting PostgreSQL",
        )
    except Trouble as trouble:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else ""
        raise Trouble(f"{trouble}\n{tail}") from None
    say(f"PostgreSQL runs (socket in {socket_dir()}); make db-stop stops it")


def stop_cluster():
    if not running():
        say("PostgreSQL is not running")
        return
    run(
        [bin_dir() / "pg_ctl", "-D", data_dir(), "-m", "fast", "-w", "-t", "60", "stop"],
        "Stopping PostgreSQL",
    )
    say("PostgreSQL stopped")


def psql(database, sql):
    return run(
        [bin_dir() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", socket_dir(),
         "-p", running_port(), "-U", "postgres", "-d", database, "-c", sql],
        "psql",
    )  # fmt: skip


def running_port():
    lines = pid_lines()
    return int(lines[3]) if len(lines) > 3 else port()


def make_database():
    have = set(psql("postgres", "SELECT rolname FROM pg_roles").split())
    for role, rights in ROLES.items():
        if role not in have:
            psql("postgres", f"CREATE ROLE {role} {rights}")
    if os.environ.get("DB_PORT"):
        for role in ROLES:
            psql("postgres", f"ALTER ROLE {role} PASSWORD '{kept_secret('db_password')}'")
    if DATABASE not in psql("postgres", "SELECT datname FROM pg_database").split():
        psql("postgres", f"CREATE DATABASE {DATABASE} OWNER xunfang_owner")
    there = psql(DATABASE, "SELECT extname FROM pg_extension").split()
    for extension in EXTENSIONS:
        if extension not in there:
            psql(DATABASE, f"CREATE EXTENSION {extension}")


# ---------------------------------------------------------------- settings


def kept_secret(name):
    """A random value that stays the same from run to run, readable by its owner alone."""
    path = VAR / name
    if not path.exists():
        VAR.mkdir(exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def url(role, database=DATABASE):
    return f"postgresql+psycopg://{role}@/{database}?host={quote(str(socket_dir()))}&port={running_port()}"


def own_urls():
    return {
        "DATABASE_URL": url("xunfang_app"),
        "OWNER_DATABASE_URL": url("xunfang_owner"),
        "WORKER_DATABASE_URL": url("xunfang_worker"),
        "RETENTION_DATABASE_URL": url("xunfang_retention"),
        "READONLY_DATABASE_URL": url("xunfang_readonly"),
        # The superuser: only tests and benches use it, to clone and drop databases.
        "ADMIN_DATABASE_URL": url("postgres", "postgres"),
    }


def foreign_server():
    """True when the caller brings a server (and did not merely source our own var/env)."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        return False
    return not (f"host={quote(str(socket_dir()))}&" in given and f"@/{DATABASE}?" in given)


def settings():
    rest = {"SECRET_KEY": kept_secret("secret_key"), "XUNFANG_DEMO": "1"}
    if not foreign_server():
        return {**own_urls(), **rest}
    given = os.environ["DATABASE_URL"]
    owner = os.environ.get("OWNER_DATABASE_URL") or given
    keep = {"DATABASE_URL": given, "OWNER_DATABASE_URL": owner}
    for name in ("WORKER_DATABASE_URL", "RETENTION_DATABASE_URL", "READONLY_DATABASE_URL"):
        keep[name] = os.environ.get(name) or given
    keep["ADMIN_DATABASE_URL"] = os.environ.get("ADMIN_DATABASE_URL") or owner
    # What the caller has set stands.
    return {**keep, **{key: os.environ.get(key) or value for key, value in rest.items()}}


def lines_for_shell(values):
    return "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in values.items())


def write_env():
    path = VAR / "env"
    text = "# Written by make db-start. Use it with:  set -a; . var/env; set +a\n" + lines_for_shell(
        settings()
    )
    if not path.exists() or path.read_text() != text:
        fresh = VAR / f"env.{os.getpid()}"
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.rename(path)


@contextmanager
def alone():
    """Two makes at a time in one checkout wait for each other."""
    VAR.mkdir(exist_ok=True)
    with open(VAR / "cluster.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start():
    if foreign_server():
        say("DATABASE_URL is set: using that server, no private cluster")
        return
    with alone():
        if server_user():
            try:
                pwd.getpwnam("postgres")
            except KeyError:
                raise Trouble(
                    "PostgreSQL must not run as root and there is no user `postgres`: "
                    "apt-get install postgresql-15-postgis-3 makes one"
                ) from None
        if home() != VAR:
            say(f"user postgres may not enter {REPO}: the cluster lies in {home()}")
            own(home(), 0o700)
        own(data_dir(), 0o700)
        own(socket_dir(), 0o700)
        make_cluster()
        start_cluster()
        make_database()
        write_env()


def stop():
    if foreign_server():
        say("DATABASE_URL is set: that server is not ours to stop")
        return
    with alone():
        stop_cluster()


def where():
    print(f"data    {data_dir()}\nsocket  {socket_dir()}\nrunning {'yes' if running() else 'no'}")


def main(argv):
    commands = {
        "start": start,
        "stop": stop,
        "where": where,
        "env": lambda: sys.stdout.write(lines_for_shell(settings())),
    }
    if len(argv) != 1 or argv[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        commands[argv[0]]()
    except Trouble as trouble:
        print(f"✗ {trouble}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
