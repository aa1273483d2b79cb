#!/usr/bin/env bash
# circles.sh ROOT page|includes: circles.mjs over the tree. 77, "skipped" to CTest, without Node.js.
set -euo pipefail
command -v node >/dev/null || { echo "no node (package nodejs)"; exit 77; }
exec node "$(dirname "$0")/circles.mjs" "$@"
