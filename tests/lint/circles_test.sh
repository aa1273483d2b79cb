#!/usr/bin/env bash
# Breaks each rule of circles.mjs once, in a tree of its own, and expects it to be found.
set -euo pipefail
command -v node >/dev/null || { echo "no node (package nodejs)"; exit 77; }
lint=$(realpath "$(dirname "$0")/circles.sh")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# fresh [FILE TEXT] …: a tree that holds just these files.
fresh() {
  rm -rf "${tree:?}"/*
  while (($#)); do
    mkdir -p "$(dirname "$tree/$1")"
    printf '%s\n' "$2" >"$tree/$1"
    shift 2
  done
}

# refused WHAT EXPECTED [FILE TEXT] …: EXPECTED is how the first line begins.
refused() {
  local what=$1 expected=$2 said
  shift 2
  fresh "$@"
  if said=$("$lint" "$tree" "$what") || [[ $said != "$expected"* ]]; then
    echo "expected of $*: $expected …, got: ${said:-nothing}"
    ((++failures))
  fi
}

# accepted WHAT [FILE TEXT] …
accepted() {
  local what=$1 said
  shift
  fresh "$@"
  said=$("$lint" "$tree" "$what") || { echo "expected $* to pass, got: $said"; ((++failures)); }
}

# --- Circles of the page: of two, of three, of types only, by a second name
refused page "web/src/ui/a.ts:2: circle: web/src/ui/a.ts -> web/src/ui/b.tsx -> web/src/ui/a.ts;" \
  web/src/ui/a.ts $'// a\nimport { b } from \'./b\';' web/src/ui/b.tsx "import { a } from './a';"
refused page \
  "web/src/app/a.ts:1: circle: web/src/app/a.ts -> web/src/app/b.ts -> web/src/app/c.ts -> web/src/app/a.ts;" \
  web/src/app/a.ts "import { b } from './b';" web/src/app/b.ts "import '../app/c';" \
  web/src/app/c.ts "export { a } from './a';"
refused page "web/src/app/a.ts:1: circle: " \
  web/src/app/a.ts "import type { B } from './b';" web/src/app/b.ts "import type { A } from './a';"
refused page "web/src/app/a.ts:4: circle: " \
  web/src/app/a.ts $'import {\n  b,\n  c,\n} from "./b";' web/src/app/b.ts 'import("./a");'
# A circle that a module leads into but is not part of.
refused page "web/src/app/b.ts:1: circle: web/src/app/b.ts -> web/src/app/c.ts -> web/src/app/b.ts;" \
  web/src/app/a.ts "import './b';" web/src/app/b.ts "import './c';" web/src/app/c.ts "import './b';"

# --- The order of its folders
refused page "web/src/app/a.ts:1: app imports ui;" \
  web/src/app/a.ts "import { b } from '../ui/b';" web/src/ui/b.ts 'export const b = 1;'
refused page "web/src/net/a.ts:1: net imports app;" \
  web/src/net/a.ts "import type { B } from '../app/b';" web/src/app/b.ts 'export type B = 1;'
refused page "web/src/model/a.ts:1: model imports net;" \
  web/src/model/a.ts "import '../net/b';" web/src/net/b.ts 'export const b = 1;'
refused page "web/src/ui/a.ts:1: ui imports admin;" \
  web/src/ui/a.ts "import '../admin/b';" web/src/admin/b.ts 'export const b = 1;'
refused page "web/src/ui/a.ts:1: ui imports an entry;" \
  web/src/ui/a.ts "import '../b';" web/src/b.ts 'export const b = 1;'
refused page "web/src/model/a.ts:1: model imports preact;" \
  web/src/model/a.ts "import { h } from 'preact';"
refused page "web/src/util/a.ts:1: no such folder: util;" web/src/util/a.ts 'export const a = 1;'
refused page 'web/src/ui/a.ts:1: "./gone" is no module;' web/src/ui/a.ts "import './gone';"

# --- Effects of an import
for line in 'addEventListener("focus", look);' 'effect(() => {' 'for (const each of all) {' \
  'const dark = matchMedia("(dark)").matches;' 'document.title = "chirm";' \
  'export const route = signal(parse(location.hash));' 'const stop = effect(() => {' \
  'const t = setInterval(() => look(), 1000);' 'export const s = connect();' 'let s = new Socket(url);' \
  $'const s =\n  connect();' $'const s: Socket =\n  location.hash;' 'const all = [...load()];' \
  'const width = window.innerWidth;' 'const last = sessionStorage.length;' 'const a = b ?? c();' \
  'const now = Date.now();' 'const a = (load());' 'const a = list.map((each) => each.b);' \
  'const a = "x".concat(load("=>"));' 'window.title = 1;' \
  'const f: (a: A) => void = connect(a);' 'export default connect();'; do
  refused page "web/src/app/a.ts:1: this happens when the module is imported;" \
    web/src/app/a.ts "$line"
done
for line in '  static all = load();' '  static readonly all: Map<string, A> = window.all;' '  static {'; do
  refused page "web/src/app/a.ts:2: this happens when the module is imported;" \
    web/src/app/a.ts $'export class A {\n'"$line"$'\n}'
done
accepted page web/src/app/a.ts "$(cat <<'END'
export const a = signal<'b' | 'c'>('b');
const shown = computed<Map<string, A> | undefined>(() => {
  load();
});
const length = computed(() => list(document).length);
export const Row = memo(function Row(props: Props) {
const byName = new Map<string, Names>(); // by channel, see location()
const none: ReadonlySet<string> = new Set();
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit' });
const name = /[a(]load()/.source;
const mention = new RegExp(`(^|[\s(])@(${name})`, 'g');
const told = 'look at document.title()';
const emoji =
  /[a-z](?:load())/gu;
const table = {
  a: 1,
};
export const ask = async (name: string): Promise<A> => load(name);
export const get = <T = Record<string, never>>(
  name: string,
) => load(name);
const is = (a: A): a is B => look(a);
const each = (
  a: A,
) => load(a);
const twice = a => load(load(a));
const f: (a: A) => void = twice;
export default function main() {
}
class B {
  static readonly max = 3;
  static of = () => load();
  c = load();
}
END
)"
accepted page web/src/chat.tsx $'import { start } from \'./app/a\';\nimport \'./a.css\';\nstart();' \
  web/src/app/a.ts $'// a\nexport const a = () => location.hash;\nexport function start() {\n  a();\n}' \
  web/src/app/b.ts "import { start } from './a';" web/src/net/c.ts "import { h } from 'preact';" \
  web/src/model/d.ts $'const max = 3; // of the history\nimport type { E } from \'./e\';' \
  web/src/model/e.ts 'export type E = 1;' web/src/ui/node_modules/x.ts 'run();'

# --- Circles of C++: of headers; of a pair with its .cc; round a third one
refused includes "core/base/a.h:2: circle: core/base/a -> core/base/b -> core/base/a;" \
  core/base/a.h $'#pragma once\n#include "core/base/b.h"' core/base/b.h '#include "core/base/a.h"'
refused includes "bench/a.cc:2: circle: bench/a -> bench/b -> bench/a;" \
  bench/a.cc $'#include "bench/a.h"\n#include "bench/b.h"' bench/a.h '' \
  bench/b.cc '#include "bench/a.h"' bench/b.h ''
refused includes "client/a.h:1: circle: client/a -> client/b -> client/c -> client/a;" \
  client/a.h '#include "client/b.h"' client/b.h '#  include "client/c.h"' \
  client/c.cc '#include "client/a.h"' client/c.h ''
for folder in protocol bin; do
  refused includes "$folder/a.h:1: circle: " \
    "$folder/a.h" "#include \"$folder/b.h\"" "$folder/b.h" "#include \"$folder/a.h\""
done
accepted includes core/a.cc $'#include "core/a.h"\n#include <map>\n#include "core/b.h"' core/a.h '' \
  core/b.h '#include "core/c.h"' core/c.h '' core/b_more.cc '#include "core/b.h"' \
  tests/a.h '#include "tests/b.h"' tests/b.h '#include "tests/a.h"'

# An empty tree is a wrong path, not a clean one.
for what in page includes; do refused $what "0 modules"; done

((failures == 0))
