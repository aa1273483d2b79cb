#!/usr/bin/env bash
# format.sh ROOT [--fix] [FILE …]: is every C++ file (or each of these) as clang-format 14 (Debian
# 12's; others differ) has it? 77, "skipped" to CTest, when there is no clang-format 14; bin/test
# installs it.
set -euo pipefail
cd "$1"
shift
if ! format=$(command -v clang-format-14); then
  echo "no clang-format-14 (package of that name)"
  exit 77
fi
action=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || { action=(-i); shift; }
if (($#)); then
  printf '%s\0' "$@"
else
  find protocol core client bin bench tests \( -name '*.h' -o -name '*.cc' \) -print0
fi | xargs -0 "$format" --style=file "${action[@]}"
