#!/usr/bin/env bash
# make run: set up, database, demo data, server. Ctrl-C (or a TERM to make) stops the server and what stands beside it.
set -euo pipefail
# shellcheck source=setup/env.sh
source "$(dirname "$0")/env.sh"
PORT=${1:-8000}
say() { printf '· %s\n' "$*" >&2; }

children=()
# The kernel sends TERM to a child whose parent is gone, so that even a KILL of this script leaves nothing behind.
tied=()
if setpriv --pdeathsig TERM true 2> /dev/null; then tied=(setpriv --pdeathsig TERM); fi
begin() { # in the background, with our stdin
  "${tied[@]}" "$@" <&0 &
  children+=("$!")
}
step() { # one after the other, and yet a signal reaches us at once
  begin "$@"
  wait "$!" || { trap - EXIT; exit 1; }
  children=()
}
stop() {
  trap - EXIT
  trap '' INT TERM HUP
  if [ ${#children[@]} -gt 0 ]; then
    kill -TERM "${children[@]}" 2> /dev/null || true
    wait "${children[@]}" 2> /dev/null || true
  fi
  say 'stopped. The database goes on: make db-stop stops it'
  exit "$1"
}
# A person who pressed Ctrl-C has not met an error; 143 is what a shell reports for TERM.
trap 'stop 0' INT
trap 'stop 143' TERM HUP
trap 'stop 1' EXIT

step "$PYTHON" setup/free_port.py "$PORT"
step "$PYTHON" setup/prepare.py run
step "$PYTHON" setup/cluster.py start
load_settings
export FLASK_APP=wsgi PUBLIC_URL="${PUBLIC_URL:-http://127.0.0.1:$PORT}"
say 'bringing the database up to date'
step .venv/bin/flask db upgrade
if [ "${XUNFANG_DEMO:-}" = 1 ]; then step .venv/bin/flask demo; fi

begin .venv/bin/gunicorn --config deploy/gunicorn.conf.py --bind "127.0.0.1:$PORT" wsgi:app
server=$!
# The queue's worker, once there is one.
if .venv/bin/flask --help 2> /dev/null | grep -qE '^  worker\b'; then begin .venv/bin/flask worker; fi

until (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; do
  kill -0 "$server" 2> /dev/null || { say 'the server did not start; its words are above'; stop 1; }
  sleep 0.2
done
{
  printf '\n  Xunfang 巡防      http://127.0.0.1:%s/\n' "$PORT"
  if [ "${XUNFANG_DEMO:-}" = 1 ]; then
    printf '  Sign in as        member · leader · reviewer · admin · outsider\n'
    printf '  Password          xunfang-demo   (the same for all five)\n'
  fi
  printf '  Ctrl-C stops it.\n\n'
} >&2
# When either stops by itself the other is stopped too.
wait -n || true
say 'a process stopped by itself; its words are above'
stop 1
