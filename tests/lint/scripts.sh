#!/usr/bin/env bash
# scripts.sh ROOT: does every shell script parse? With shellcheck installed, what does it think?
set -euo pipefail
cd "$1"
scripts=(bin/up bin/test bin/fuzz bin/setup.sh conf/render-nginx .ci/run bench/run
  tests/bench/load_run.sh tests/lint/*.sh tests/sdk/run.sh tests/web/run.sh)
for script in "${scripts[@]}"; do bash -n "$script"; done
if command -v shellcheck >/dev/null; then
  shellcheck -x "${scripts[@]}"
else
  echo "no shellcheck: only parsed"
fi
