#!/usr/bin/env bash
# make lint (or make format with --fix): every checker runs, so that one pass shows all there is to mend.
set -uo pipefail
# shellcheck source=setup/env.sh
source "$(dirname "$0")/env.sh"
"$PYTHON" setup/prepare.py lint || exit 1
failed=()
check() {
  local name=$1
  shift
  if "$@"; then printf '✓ %s\n' "$name"; else
    printf '✗ %s\n' "$name"
    failed+=("$name")
  fi
}
shopt -s nullglob
if [ "${1:-}" = --fix ]; then
  check 'ruff fix' .venv/bin/ruff check --quiet --fix .
  check 'ruff format' .venv/bin/ruff format --quiet .
  exit
fi
check 'ruff check' .venv/bin/ruff check --quiet --output-format concise .
check 'ruff format' .venv/bin/ruff format --check --output-format concise .
typed=(app/*/rules.py app/*/operations.py)
if [ ${#typed[@]} -gt 0 ]; then check mypy .venv/bin/mypy --no-error-summary; fi
scripts=(static/js/*.js static/js/*/*.js static/sw*.js setup/*.mjs)
check biome node_modules/.bin/biome lint --no-errors-on-unmatched "${scripts[@]}"
check tsc node_modules/.bin/tsc -p jsconfig.json
pages=(app/templates/*.html app/templates/*/*.html)
if [ ${#pages[@]} -gt 0 ]; then check djlint .venv/bin/djlint --quiet --lint app/templates; fi
[ ${#failed[@]} -eq 0 ] || { printf 'not clean: %s\n' "${failed[*]}" >&2; exit 1; }
