#!/usr/bin/env bash
# tidy.sh ROOT BUILD: clang-tidy with .clang-tidy over every .cc but those of tests and benchmarks.
# Minutes long, so not a test: cmake --build --preset dev --target tidy
# BUILD is a folder of its own, in which nothing is built: how sources are compiled one by one.
set -euo pipefail
cd "$1"
command -v clang-tidy >/dev/null || { echo "no clang-tidy (package of that name)"; exit 1; }
cmake --preset dev -B "$2" -DCHIRM_UNITY=OFF -DCHIRM_PCH=OFF >/dev/null
mapfile -t files < <(find protocol core client bin -name '*.cc' | sort)
for file in "${files[@]}"; do
  grep -qF "\"$PWD/$file\"" "$2/compile_commands.json" || { echo "$file: not compiled"; exit 1; }
done
# GCC's own warning options are unknown to clang.
printf '%s\0' "${files[@]}" |
  xargs -0 -P "$(nproc)" -n 1 clang-tidy -p "$2" --quiet --extra-arg=-Wno-unknown-warning-option
