#!/usr/bin/env bash
# Breaks each rule of sources.awk once, in a tree of its own, and expects it to be found.
set -euo pipefail
lint=$(realpath "$(dirname "$0")/sources.sh")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# fresh FILE LINE …: a tree that holds just this file; a header gets its two first lines.
fresh() {
  local file=$1
  shift
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/{cmake,protocol,core,client,bin,bench,tests/web/unit,web/src}
  mkdir -p "$(dirname "$tree/$file")"
  touch "$tree/CMakeLists.txt"
  {
    [[ $file != *.h ]] || printf '// SPDX-License-Identifier: MIT\n#pragma once\n'
    [[ $file != *.ts && $file != *.tsx ]] || printf '// SPDX-License-Identifier: MIT\n'
    printf '%s\n' "$@"
  } >"$tree/$file"
}

# refused WHERE EXPECTED FILE LINE …
refused() {
  local where=$1 expected=$2 said
  shift 2
  fresh "$@"
  if said=$("$lint" "$tree") || [[ $said != "$where: "*"$expected"* ]]; then
    echo "expected of $*: $where: … $expected …, got: ${said:-nothing}"
    ((++failures))
  fi
}

# accepted FILE LINE …
accepted() {
  local said
  fresh "$@"
  said=$("$lint" "$tree") || { echo "expected $* to pass, got: $said"; ((++failures)); }
}

refused protocol/a.cc:1 "protocol includes core/base" protocol/a.cc '#include "core/base/x.h"'
refused core/base/a.h:3 "core/base includes core/loop" core/base/a.h '#include "core/loop/x.h"'
refused core/loop/a.cc:2 "core/loop includes core/broker" \
  core/loop/a.cc '#include "core/base/x.h"' '#include "core/broker/x.h"'
refused core/broker/a.cc:1 "core/broker includes core/chat" \
  core/broker/a.cc '#include "core/chat/x.h"'
refused core/chat/a.cc:1 "core/chat includes core/server" \
  core/chat/a.cc '#include "core/server/x.h"'
refused core/server/a.cc:1 "core/server includes client" core/server/a.cc '#include "client/x.h"'
refused client/a.cc:1 "client includes core/broker" client/a.cc '#include "core/broker/x.h"'
refused client/terminal/view/a.cc:1 "included in view/" \
  client/terminal/view/a.cc '#include "client/terminal/chat/x.h"'
refused bin/a.cc:1 "bin includes bench" bin/a.cc '#include "bench/x.h"'
refused core/chat/a.cc:1 "core/chat includes tests" core/chat/a.cc '#include "tests/x.h"'
refused core/util/a.cc:1 "no such layer: core/util" core/util/a.cc 'int x;'
refused core/loop/a.cc:1 "does not start at the root" core/loop/a.cc '#include "timer.h"'
refused core/loop/a.cc:1 "is ours" core/loop/a.cc '#include <core/base/x.h>'
refused core/broker/a.cc:1 "expected only in ^core/loop/" core/broker/a.cc '#include <uv.h>'
refused protocol/json.cc:1 "expected only in ^protocol/ws_" \
  protocol/json.cc '#include <wslay/wslay.h>'
refused protocol/ws_decoder.h:3 "expected only in" protocol/ws_decoder.h '#include <wslay/wslay.h>'
refused core/chat/a.cc:1 "expected only in ^protocol/" core/chat/a.cc '#include <simdjson.h>'
for file in core/server/a.cc core/broker/a.cc core/broker/redis/a.cc core/broker/sqlite/a.cc; do
  refused $file:1 "expected only in ^core/broker/redis/link/" $file '#include <hiredis/async.h>'
done
for file in core/server/a.cc core/broker/a.cc core/broker/redis/link/a.cc; do
  refused $file:1 "expected only in ^core/broker/sqlite/" $file '#include <sqlite3.h>'
done
refused core/broker/a.cc:1 "core/broker includes redis; expected one of: core/broker" \
  core/broker/a.cc '#include "core/broker/redis/x.h"'
refused core/broker/redis/life/a.cc:1 "redis includes memory" \
  core/broker/redis/life/a.cc '#include "core/broker/memory/x.h"'
refused core/broker/memory/a.cc:1 "memory includes sqlite" \
  core/broker/memory/a.cc '#include "core/broker/sqlite/x.h"'
refused core/broker/sqlite/a.cc:1 "sqlite includes redis; expected one of: sqlite core/broker memory" \
  core/broker/sqlite/a.cc '#include "core/broker/redis/link/x.h"'
refused core/broker/paper/a.cc:1 "no such store: paper" core/broker/paper/a.cc 'int x;'
refused core/server/a.cc:1 "expected only in ^protocol/http" \
  core/server/a.cc '#include <http_parser.h>'
refused client/terminal/view/a.cc:1 "expected only in ^client/terminal/screen/" \
  client/terminal/view/a.cc '#include <curses.h>'
refused protocol/a.cc:1 "no clock" protocol/a.cc '#include <sys/socket.h>'
refused core/rooms/a.cc:1 "a coroutine that captures" \
  core/rooms/a.cc 'const auto get = [&](auto& cache) -> Task<Result<void>> {'
refused bin/a.cc:1 "a leftover mark" bin/a.cc "// TO""DO: later"
refused bin/a.cc:1 "101 columns" bin/a.cc "// $(printf 'x%.0s' {1..98})"
refused bin/a.cc:1 "blanks at the end" bin/a.cc 'int x; '

refused web/src/ui/a.tsx:2 "101 columns" web/src/ui/a.tsx "// $(printf 'x%.0s' {1..98})"
refused web/src/a.ts:2 "a leftover mark" web/src/a.ts "// TO""DO: later"
refused bench/CMakeLists.txt:1 "101 columns" bench/CMakeLists.txt "# $(printf 'x%.0s' {1..99})"
refused web/src/a.css:1 "101 columns" web/src/a.css "/* $(printf 'x%.0s' {1..95}) */"
refused tests/web/unit/a.test.ts:2 "blanks at the end" tests/web/unit/a.test.ts 'const a = 1; '

accepted web/src/a.ts "const text = '$(printf 'ä%.0s' {1..84})';"
accepted web/src/a.css '.a { color: red; }'
accepted bin/a.cc '#include "client/x.h"' '#include "core/server/x.h"' '#include <uvw>'
accepted client/a.cc '#include "core/loop/x.h"' '#include "protocol/x.h"'
accepted core/server/a.h '#include <map>' '#include "core/chat/x.h"' '#include "core/base/x.h"'
accepted core/loop/a.cc '#include <uv.h>' '#include "core/base/x.h"'
accepted core/broker/redis/link/a.cc '#include <hiredis/hiredis.h>' \
  '#include "core/broker/redis/x.h"' '#include "core/broker/x.h"' '#include "core/base/x.h"'
accepted core/broker/sqlite/a.cc '#include <sqlite3.h>' '#include "core/broker/memory/x.h"' \
  '#include "core/broker/sqlite/x.h"' '#include "core/broker/x.h"' '#include "core/loop/x.h"'
accepted core/chat/a.cc '#include "core/broker/memory/x.h"'
accepted protocol/ws_decoder.cc '#include <wslay/wslay.h>' '#include <simdjson.h>'
accepted client/terminal/chat/a.cc '#include "client/terminal/view/x.h"' '#include "client/x.h"'
accepted client/terminal/a.cc '#include "client/terminal/chat/x.h"'
accepted client/terminal/screen/screen.cc '#include <curses.h>'
accepted protocol/http.cc '#include <http_parser.h>'
accepted tests/a.cc '#include "bin/x.h"' '#include "bench/x.h"' '#include <uv.h>'
accepted bin/a.cc "// $(printf 'ä%.0s' {1..97})"

fresh bin/a.cc
for first in '#pragma once' '// Copyright'; do
  printf '%s\nint x;\n' "$first" >"$tree/bin/a.h"
  said=$("$lint" "$tree") || true
  [[ $said == "bin/a.h:1: header without its licence"* ]] || { echo "got: $said"; ((++failures)); }
done
printf 'const x = 1;\n' >"$tree/web/src/a.ts"
said=$("$lint" "$tree") || true
[[ $said == *"web/src/a.ts:1: script without its licence"* ]] || { echo "got: $said"; ((++failures)); }
rm "$tree/web/src/a.ts"
printf '// SPDX-License-Identifier: MIT\n#include <map>\n' >"$tree/bin/a.h"
said=$("$lint" "$tree") || true
[[ $said == "bin/a.h:2: header without guard"* ]] || { echo "got: $said"; ((++failures)); }

printf '#include <map>\n#include "bin/a.h"\n' >"$tree/bin/a.cc"
printf '// SPDX-License-Identifier: MIT\n#pragma once\n' >"$tree/bin/a.h"
said=$("$lint" "$tree") || true
[[ $said == "bin/a.cc:1: its own header is not the first"* ]] ||
  { echo "got: $said"; ((++failures)); }

((failures == 0))
