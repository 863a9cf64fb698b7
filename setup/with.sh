#!/usr/bin/env bash
# with.sh run|test COMMAND…: the command in a checkout that is set up, with its database running and its settings exported.
set -euo pipefail
# shellcheck source=setup/env.sh
source "$(dirname "$0")/env.sh"
"$PYTHON" setup/prepare.py "$1"
"$PYTHON" setup/cluster.py start
load_settings
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
export CHROMIUM
shift
exec "$@"
