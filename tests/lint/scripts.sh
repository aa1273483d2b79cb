#!/usr/bin/env bash
# scripts.sh ROOT: does every shell script parse? With shellcheck installed, what does it think?
set -euo pipefail
cd "$1"
mapfile -t scripts < <(
  grep -rlI --exclude-dir=node_modules '^#!/usr/bin/env bash$' .ci .githooks bench bin conf tests | sort)
((${#scripts[@]})) || { echo "no scripts under $1"; exit 1; }
for script in "${scripts[@]}"; do bash -n "$script"; done
if command -v shellcheck >/dev/null; then
  shellcheck -x "${scripts[@]}"
else
  echo "no shellcheck: only parsed"
fi
