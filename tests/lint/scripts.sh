#!/usr/bin/env bash
# scripts.sh ROOT: does every shell script parse, and has shellcheck nothing against it? 77,
# "skipped" to CTest, when there is no shellcheck; bin/test installs it.
set -euo pipefail
cd "$1"
mapfile -t scripts < <(
  grep -rlI --exclude-dir=node_modules '^#!/usr/bin/env bash$' .ci .githooks bench bin conf tests | sort)
((${#scripts[@]})) || { echo "no scripts under $1"; exit 1; }
for script in "${scripts[@]}"; do bash -n "$script"; done
command -v shellcheck >/dev/null || { echo "no shellcheck (package of that name)"; exit 77; }
shellcheck -x "${scripts[@]}"
