#!/usr/bin/env bash
# run.sh DIR: installs the packages of package-lock.json in DIR, unless they are there, and runs the
# tests. CHIRMD and REDIS_CONF name the program and the configuration. 77 is "skipped" to CTest.
set -euo pipefail
source=$(dirname "$(realpath "$0")")
for tool in node npm redis-server setpriv; do
  command -v "$tool" >/dev/null || { echo "no $tool"; exit 77; }
done
mkdir -p "$1"
cd "$1"
cp "$source"/{package.json,package-lock.json,.npmrc} "$source"/*.js .
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-progress
  cp package-lock.json node_modules/.installed
fi
# By itself Node.js takes one fewer than there are processors; here they wait most of the time.
exec node --test --test-concurrency=4 ./*.test.js
