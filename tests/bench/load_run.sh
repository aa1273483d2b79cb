#!/usr/bin/env bash
# load_run.sh CHIRM_LOAD CHIRM_FLOOR: do the flags, the exit codes and the output of chirm-load hold?
set -euo pipefail
load=$1 floor=$2
folder=$(mktemp -d)
pids=()
trap 'stop_floor; rm -rf "$folder"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# expect CODE ARGUMENT…: runs chirm-load, output in $folder/out and $folder/err.
expect() {
  local code=0
  "$load" --url "$url" "${@:2}" >"$folder/out" 2>"$folder/err" || code=$?
  ((code == $1)) || { cat "$folder/out" "$folder/err"; fail "exit $code, not $1: ${*:2}"; }
}

# start_floor FLAG…: sets url.
start_floor() {
  local i
  : >"$folder/floor"
  "$floor" --port 0 "$@" >"$folder/floor" &
  pids+=($!)
  for ((i = 0; i < 1200; i++)); do
    [[ ! -s $folder/floor ]] || break
    kill -0 "${pids[-1]}" 2>/dev/null || fail "chirm-floor ends before it listens"
    sleep 0.05
  done
  [[ -s $folder/floor ]] || fail "chirm-floor does not listen after 60 s"
  url=ws://127.0.0.1:$(sed -n 's/^listening on 127.0.0.1://p' "$folder/floor")/connection/websocket
}

stop_floor() {
  ((${#pids[@]} > 0)) || return 0
  kill "${pids[@]}" || true
  wait "${pids[@]}" || true
  pids=()
}

# Whatever comes, comes sooner, however busy the machine is.
patient=(--connect-timeout 60 --drain 60)

start_floor
expect 0 "${patient[@]}" --clients 20 --rate 200 --warmup 0 --duration 0.5 --json -
grep -q '"violations": 0' "$folder/out" || fail "no violations in the JSON"
grep -q 'publish to delivery' "$folder/err" || fail "no summary beside the JSON"

expect 0 "${patient[@]}" --clients 20 --window 8 --workers 3 --warmup 0 --duration 0.5 \
  --json "$folder/json" --server-pid "${pids[0]}"
grep -q '"deliveries_per_cpu_s"' "$folder/json" || fail "no CPU of the server in the JSON"
grep -q 'violations   none' "$folder/out" || fail "no verdict in the summary"

expect 0 "${patient[@]}" --clients 20 --idle --source-addresses 4 --duration 0.2
expect 2 --clients 0
expect 2 --server-pid 999999999
[[ $(wc -l <"$folder/err") == 1 ]] || fail "more than one line"
stop_floor

# A server that does something wrong: is it found?
start_floor --drop-every 10
expect 1 "${patient[@]}" --clients 20 --window 1 --warmup 0 --duration 0.5
grep -Eq 'violations   [0-9]+ lost$' "$folder/out" || fail "dropped, but not only lost"
stop_floor
start_floor --double-every 10
expect 1 "${patient[@]}" --clients 20 --window 1 --warmup 0 --duration 0.5
grep -Eq 'violations   [0-9]+ duplicated$' "$folder/out" || fail "doubled, but not only duplicated"
stop_floor

expect 1 --clients 3 --connect-timeout 1
grep -q 'no client could connect' "$folder/err" || fail "no reason given"
echo passed
