#!/usr/bin/env bash
# run.sh DIR units|types|FILE: installs the packages of package-lock.json in DIR, unless they are
# there, and runs the unit tests, the type check, or one file of browser tests. CHIRMD and REDIS_CONF
# name the program and the configuration. 77 is "skipped" to CTest.
set -euo pipefail
source=$(dirname "$(realpath "$0")")
web=$(realpath "$source/../../web")
what=$2
needed=(node npm)
[[ $what != *.test.js ]] || needed+=(redis-server setpriv chromium-headless-shell)
for tool in "${needed[@]}"; do
  command -v "$tool" >/dev/null || { echo "no $tool"; exit 77; }
done
mkdir -p "$1"
cd "$1"
exec 9>lock
flock 9  # tests run side by side
# Under the lock only what is new, and in one step: others may just be reading what is there.
provide() {
  local file
  for file; do
    cmp -s "$file" "${file##*/}" || { cp "$file" new && mv new "${file##*/}"; }
  done
}
provide "$source"/{package.json,package-lock.json,.npmrc}
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-progress
  cp package-lock.json node_modules/.installed
fi
provide "$source"/*.js "$source"/../sdk/cluster.js
exec 9>&-
case $what in
  units)
    export CHIRM_SOURCE=$source/../..  # codes.test.ts
    rm -rf units
    "$web/node_modules/.bin/esbuild" "$source"/unit/*.test.ts --bundle --platform=node --format=esm \
      --out-extension:.js=.mjs --outdir=units --log-level=warning
    exec node --test units/*.mjs
    ;;
  types)
    exec node_modules/.bin/tsc -p "$web"
    ;;
  *)
    export CHIRM_IMAGES=$source/../../docs/images  # looks.test.js
    exec node --test "$what"
    ;;
esac
