#!/usr/bin/env bash
# sources.sh ROOT: sources.awk over every C++ file in the tree, and the web page's sources.
set -euo pipefail
rules=$(realpath "$(dirname "$0")/sources.awk")
cd "$1"
mapfile -t files < <(find protocol core client bin bench tests -name '*.h' -o -name '*.cc' | sort)
mapfile -t -O "${#files[@]}" files < <(find web/src tests/web/unit -name '*.ts' -o -name '*.tsx' -o -name '*.css' | sort)
((${#files[@]})) || { echo "no sources under $1"; exit 1; }
LC_ALL=C awk -f "$rules" "${files[@]}"
echo "${#files[@]} files"
