#!/usr/bin/env bash
# tidy.sh ROOT BUILD: clang-tidy with .clang-tidy over every .cc that the build compiles, except
# tests and benchmarks. Minutes long, so not a test: cmake --build --preset dev --target tidy
set -euo pipefail
cd "$1"
command -v clang-tidy >/dev/null || { echo "no clang-tidy (package of that name)"; exit 1; }
# GCC's own warning options are unknown to clang.
find protocol core client bin -name '*.cc' | sort |
  while read -r file; do
    ! grep -qF "\"$PWD/$file\"" "$2/compile_commands.json" || printf '%s\0' "$file"
  done |
  xargs -0 -P "$(nproc)" -n 1 clang-tidy -p "$2" --quiet --extra-arg=-Wno-unknown-warning-option
