# Judges C++ files by the rules of the tree: which folder includes which, one door per C library,
# how a header begins, that its .cc includes it first (so it compiles alone), width, leftover marks;
# and TypeScript, CSS and CMakeLists.txt by what of it is true of them. Prints "file:line: what is
# wrong; expected …" and exits 1. Called by sources.sh from the root of the tree. LC_ALL=C: length()
# counts bytes.

function fault(text) {
  printf "%s:%d: %s\n", FILENAME, FNR, text
  faults++
}

# The layer of a path: a floor of core ("core/loop"), else the first folder.
function layer_of(path,   parts) {
  split(path, parts, "/")
  return parts[1] == "core" ? "core/" parts[2] : parts[1]
}

# The place of a path among the wings of client/terminal; 0: it is in none of them.
function wing_of(path,   parts) {
  split(path, parts, "/")
  return parts[1] "/" parts[2] == "client/terminal" && parts[4] != "" ? wing[parts[3]] : 0
}

# The store of a path: a wing of core/broker, "core/broker" for what is above them, "" elsewhere.
function store_of(path,   parts) {
  if (layer_of(path) != "core/broker") return ""
  return split(path, parts, "/") > 3 ? parts[3] : "core/broker"
}

BEGIN {
  # A wing of client/terminal includes only those before it.
  count = split("text screen model view sign_in chat plain", wings, " ")
  for (i = 1; i <= count; i++) wing[wings[i]] = i

  # What each store may include of core/broker besides itself. What they have in common knows none
  # of them, for bin/ chooses one. The bus of a store that is in one process stands in memory/.
  stores["core/broker"] = ""
  stores["memory"] = "core/broker"
  stores["sqlite"] = "core/broker memory"
  stores["redis"] = "core/broker"

  # What each layer may include besides itself.
  may["protocol"] = ""
  may["core/base"] = "protocol"
  may["core/loop"] = "protocol core/base"
  may["core/tls"] = "protocol core/base"
  may["core/audit"] = may["core/loop"] " core/loop"
  may["core/broker"] = may["core/loop"] " core/loop core/tls"
  may["core/accounts"] = may["core/broker"] " core/broker"
  may["core/limits"] = may["core/accounts"] " core/accounts"
  may["core/chat"] = may["core/limits"] " core/limits core/audit"
  may["core/rooms"] = may["core/chat"] " core/chat"
  may["core/server"] = may["core/rooms"] " core/rooms"
  # The client library runs on the server's loop: the one way from a side into core.
  may["client"] = "protocol core/base core/loop core/tls"
  may["bin"] = may["core/server"] " core/server client"
  may["bench"] = may["bin"] " bin"
  may["tests"] = may["bench"] " bench"

  # One door per C library: a header, as a regular expression, and the paths that may include it.
  # bench/ and tests/ may, to compare with the library itself.
  door["^uv\\.h$|^uv/"] = "^core/loop/"
  door["^openssl/(ssl|err|x509v3)\\.h$"] = "^core/tls/"
  door["^wslay/"] = "^protocol/ws_(decoder|encoder)\\.cc$"
  door["^simdjson"] = "^protocol/"
  door["^hiredis(/|\\.h$)"] = "^core/broker/redis/link/"
  door["^sqlite3"] = "^core/broker/sqlite/"
  door["^http_parser\\.h$"] = "^protocol/http(_reply|_response)?\\.cc$"
  door["^n?curses"] = "^client/terminal/screen/screen\\.cc$"
  door["^unicode/"] = "^(protocol/emoji|core/accounts/name_rules)\\.cc$"
  door["^sodium(/|\\.h$)"] = "^core/accounts/"
  door["^zxcvbn\\.h$"] = "^core/accounts/"

  # protocol/ is pure: no loop, clock, socket, thread, log.
  impure = "^(sys|netinet|arpa|net)/|^(netdb|unistd|poll|time|ctime|pthread|signal|fcntl)(\\.h)?$"
  impure = impure "|^(thread|mutex|condition_variable|future|iostream|fstream)$"
  impure = impure "|^(spdlog|prometheus)/"
}

FNR == 1 {
  header = FILENAME ~ /\.h$/
  script = FILENAME ~ /\.tsx?$/
  path = FILENAME
  layer = layer_of(path)
  free = layer == "bench" || layer == "tests"
  pragma = 0
  own = FILENAME
  if (!sub(/\.cc$/, ".h", own) || (getline line < own) < 0) own = ""
  close(own)
  code = FILENAME ~ /\.(h|cc)$/
  if (code && !(layer in may)) fault("no such layer: " layer "; expected one of tests/lint/sources.awk")
  store = store_of(path)
  if (store != "" && !(store in stores))
    fault("no such store: " store "; expected one of tests/lint/sources.awk")
  if ((header || script) && $0 !~ /^\/\/ SPDX-License-Identifier: /)
    fault((header ? "header" : "script") " without its licence; expected \"// SPDX-License-Identifier: MIT\"")
}

header && !pragma && /^[ \t]*#/ {
  pragma = 1
  if ($0 !~ /^#pragma once$/) fault("header without guard; expected \"#pragma once\" first of all")
}

own != "" && /^[ \t]*#[ \t]*include/ {
  if (index($0, "#include \"" own "\"") != 1)
    fault("its own header is not the first; expected #include \"" own "\"")
  own = ""
}

code && /^[ \t]*#[ \t]*include[ \t]*"/ {
  target = $0
  sub(/^[^"]*"/, "", target)
  sub(/".*/, "", target)
  other = layer_of(target)
  if (!(other in may))
    fault("\"" target "\" does not start at the root; expected \"folder/x.h\" (libraries: <x.h>)")
  else if (other != layer && index(" " may[layer] " ", " " other " ") == 0)
    fault(layer " includes " other "; expected one of: " layer " " may[layer])
  else if (store != "" && other == layer && store_of(target) != store && \
           index(" " stores[store] " ", " " store_of(target) " ") == 0)
    fault(store " includes " store_of(target) "; expected one of: " store " " stores[store])
  else if (wing_of(path) > 0 && wing_of(target) > wing_of(path))
    fault("\"" target "\" is included in " wings[wing_of(path)] "/; expected the wings of " \
      "client/terminal only in the order of tests/lint/sources.awk")
}

code && /^[ \t]*#[ \t]*include[ \t]*</ {
  target = $0
  sub(/^[^<]*</, "", target)
  sub(/>.*/, "", target)
  if (layer_of(target) in may && target ~ /\//)
    fault("<" target "> is ours; expected \"" target "\"")
  for (library in door)
    if (!free && target ~ library && path !~ door[library])
      fault("<" target "> is included here; expected only in " door[library])
  if (layer == "protocol" && target ~ impure)
    fault("<" target "> in protocol/; expected no clock, socket, thread or log")
}

# What a lambda captures is gone when a coroutine made of it goes on, unless the lambda outlives it.
code && /\[[^\]]+\] *\([^)]*\) *-> *Task</ {
  fault("a coroutine that captures; expected a function that takes what it needs by value")
}

{
  if (/TO[D]O|FIX[M]E/) fault("a leftover mark; expected it done, or an issue")
  columns = $0
  gsub(/[\200-\277]/, "", columns)  # UTF-8 continuation bytes
  if (length(columns) > 100) fault(length(columns) " columns; expected at most 100")
  if (/[ \t\r]$/) fault("blanks at the end of the line; expected none")
}

END { exit faults > 0 }
