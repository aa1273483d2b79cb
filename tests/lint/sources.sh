#!/usr/bin/env bash
# sources.sh ROOT: sources.awk over every C++ file in the tree.
set -euo pipefail
rules=$(realpath "$(dirname "$0")/sources.awk")
cd "$1"
mapfile -t files < <(find protocol core client bin bench tests -name '*.h' -o -name '*.cc' | sort)
((${#files[@]})) || { echo "no C++ files under $1"; exit 1; }
LC_ALL=C awk -f "$rules" "${files[@]}"
echo "${#files[@]} files"
