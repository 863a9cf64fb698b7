# Sourced by the scripts here: the checkout as working directory, a Python that will do, the settings of the database.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
new_enough() { command -v "$1" > /dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; }
PYTHON=${PYTHON:-python3}
for other in "$PYTHON" python3.11 python3.12 python3.13; do
  if new_enough "$other"; then
    PYTHON=$other
    break
  fi
done
new_enough "$PYTHON" || {
  printf '✗ Xunfang needs Python 3.11 or newer; %s is %s. Name another: make run PYTHON=python3.12\n' \
    "$PYTHON" "$("$PYTHON" --version 2>&1 || echo 'not there')" >&2
  exit 1
}
load_settings() {
  local lines
  lines=$("$PYTHON" setup/cluster.py env) || return 1
  set -a
  eval "$lines"
  PATH=$PWD/.venv/bin:$PATH # `flask` and `gunicorn` are ours, whatever else is installed
  set +a
}
