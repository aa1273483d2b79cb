#!/usr/bin/env bash
# format.sh ROOT [--fix]: is every C++ file as clang-format 14 (Debian 12's; others differ) has it?
# 77, "skipped" to CTest, when there is no clang-format 14; bin/test installs it.
set -euo pipefail
cd "$1"
if ! format=$(command -v clang-format-14); then
  echo "no clang-format-14 (package of that name)"
  exit 77
fi
action=(--dry-run -Werror)
[[ ${2:-} != --fix ]] || action=(-i)
find protocol core client bin bench tests \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 "$format" --style=file "${action[@]}"
