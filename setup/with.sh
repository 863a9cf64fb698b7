#!/usr/bin/env bash
# with.sh run|test|bench COMMAND…: the command in a checkout that is set up, with its database running and its settings exported.
set -euo pipefail
# shellcheck source=setup/env.sh
source "$(dirname "$0")/env.sh"
"$PYTHON" setup/prepare.py "$1"
"$PYTHON" setup/cluster.py start
load_settings
# The headless build of Debian's Chromium where it is there: half the work for the same pages.
CHROMIUM=${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || true)}
export CHROMIUM
# Compiled once and kept out of the sources, whatever the machine says: the tests start our server a hundred times.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=$PWD/var/pycache
shift
exec "$@"
