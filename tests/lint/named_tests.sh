#!/usr/bin/env bash
# named_tests.sh ROOT: is there each test that docs/operations.md says a promise is held by?
set -euo pipefail
cd "$1"
known=$({
  # The macro may be longer than a line.
  find tests -name '*_test.cc' -exec cat {} + | tr '\n' ' ' |
    grep -oE 'TEST(_F|_P)?\( *\w+, *\w+\)' | sed -E 's/.*\( *(\w+), *(\w+)\)/\1.\2/'
  find tests -name CMakeLists.txt -exec cat {} + | sed -nE 's/.*add_test\(NAME ([A-Za-z.]+).*/\1/p'
} | sort -u)
named=$(grep -oE "[\`][A-Z][A-Za-z0-9]*\.[A-Z][A-Za-z0-9]*[\`]" docs/operations.md | tr -d '\140' | sort -u)
if [[ -z $named ]]; then
  echo "docs/operations.md names no test"
  exit 1
fi
if missing=$(comm -23 <(echo "$named") <(echo "$known")) && [[ -n $missing ]]; then
  echo "docs/operations.md: there is no test"
  echo "$missing"
  exit 1
fi
echo "$(wc -l <<<"$named") tests are named"
