#!/usr/bin/env bash
# sources.sh ROOT: sources.awk over the C++ files of the tree, CMake's, and those of the web page.
set -euo pipefail
rules=$(realpath "$(dirname "$0")/sources.awk")
cd "$1"
mapfile -t files < <({
  find CMakeLists.txt cmake protocol core client bin bench tests web -name node_modules -prune -o \
    '(' -name '*.h' -o -name '*.cc' -o -name CMakeLists.txt -o -name '*.cmake' ')' -print
  find web/src tests/web/unit -name '*.ts' -o -name '*.tsx' -o -name '*.css'
} | sort)
((${#files[@]})) || { echo "no sources under $1"; exit 1; }
LC_ALL=C awk -f "$rules" "${files[@]}"
echo "${#files[@]} files"
