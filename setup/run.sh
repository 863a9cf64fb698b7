#!/usr/bin/env bash
# make run: set up, database, demo data, server. Ctrl-C (or a TERM to make) stops the server and what stands beside it.
set -euo pipefail
# shellcheck source=setup/env.sh
source "$(dirname "$0")/env.sh"
PORT=${1:-8000}

"$PYTHON" setup/free_port.py "$PORT"
"$PYTHON" setup/prepare.py run
"$PYTHON" setup/cluster.py start
load_settings
export PORT FLASK_APP=wsgi
say() { printf '· %s\n' "$*" >&2; }
say 'bringing the database up to date'
.venv/bin/flask db upgrade
[ "${XUNFANG_DEMO:-}" != 1 ] || .venv/bin/flask demo

children=()
# The kernel sends TERM to a child whose parent is gone, so that even a KILL of this script leaves nothing behind.
begin() {
  if command -v setpriv > /dev/null && setpriv --pdeathsig TERM true 2> /dev/null; then
    setpriv --pdeathsig TERM "$@" &
  else
    "$@" &
  fi
  children+=("$!")
}
stop() {
  trap - EXIT
  trap '' INT TERM HUP
  kill -TERM "${children[@]}" 2> /dev/null || true
  wait "${children[@]}" 2> /dev/null || true
  say 'stopped. The database goes on: make db-stop stops it'
  exit "$1"
}
# 130 and 143 are what a shell reports for these signals; a person who pressed Ctrl-C has not met an error.
trap 'stop 0' INT
trap 'stop 143' TERM HUP
trap 'stop 1' EXIT

begin .venv/bin/gunicorn --config deploy/gunicorn.conf.py --bind "127.0.0.1:$PORT" wsgi:app
server=$!
# The queue's worker, once there is one.
if .venv/bin/flask --help 2> /dev/null | grep -qE '^  worker\b'; then begin .venv/bin/flask worker; fi

until (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; do
  kill -0 "$server" 2> /dev/null || { say 'the server did not start; its words are above'; stop 1; }
  sleep 0.2
done
cat >&2 <<WORDS

  Xunfang 巡防      http://127.0.0.1:$PORT/
$([ "${XUNFANG_DEMO:-}" != 1 ] || cat <<DEMO
  Sign in as        member · leader · reviewer · admin · outsider
  Password          xunfang-demo   (the same for all five)
DEMO
)
  Ctrl-C stops it.

WORDS
# When either stops by itself the other is stopped too.
wait -n || true
say 'a process stopped by itself; its words are above'
stop 1
