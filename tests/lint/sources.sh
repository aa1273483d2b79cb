#!/usr/bin/env bash
# sources.sh ROOT: sources.awk over the C++ files of the tree, its CMakeLists.txt, and the web page.
set -euo pipefail
rules=$(realpath "$(dirname "$0")/sources.awk")
cd "$1"
mapfile -t files < <(
  find protocol core client bin bench tests '(' -name '*.h' -o -name '*.cc' ')' -print \
    -o -name node_modules -prune -o -name CMakeLists.txt -print
  find web -name node_modules -prune -o -name CMakeLists.txt -print
  find web/src tests/web/unit -name '*.ts' -o -name '*.tsx' -o -name '*.css'
)
((${#files[@]})) || { echo "no sources under $1"; exit 1; }
LC_ALL=C awk -f "$rules" "${files[@]}"
echo "${#files[@]} files"
