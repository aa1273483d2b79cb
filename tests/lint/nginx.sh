#!/usr/bin/env bash
# nginx.sh ROOT PREFIX: does nginx take conf/nginx.conf as it is committed?
set -euo pipefail
PATH=$PATH:/usr/sbin
set -- "$(realpath "$1")" "$(realpath -m "$2")"
command -v nginx >/dev/null || { echo "no nginx (package of that name)"; exit 77; }
mkdir -p "$2"
# "user" and the like are warnings; a configuration to copy from has none.
said=$(nginx -t -e stderr -p "$2/" -c "$1/conf/nginx.conf" 2>&1) || { echo "$said"; exit 1; }
echo "$said"
! grep -E '\[(warn|alert)\]' <<<"$said"
