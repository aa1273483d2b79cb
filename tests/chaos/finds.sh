#!/usr/bin/env bash
# finds.sh CHIRM_CHAOS CHIRMD_FAULTY FAULT EVERY VIOLATION: is this violation found, and no
# other, when the nodes do FAULT once in EVERY times?
set -euo pipefail
chaos=$1 faulty=$2 fault=$3 every=$4 violation=$5
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# 250 messages a second to 40 clients on two nodes: 5,000 deliveries a second by each of them.
code=0
"$chaos" --nodes 2 --clients 40 --rooms 1 --rate 250 --churn 0 --no-api --once --faults cut-pubsub --every 5 \
  --wrapper "$faulty $fault $every" --json "$folder/json" --keep "$folder/logs" \
  >"$folder/out" || code=$?
found=$(sed -n '/"violations": {/,/}/s/^ *"\(.*\)": \([1-9][0-9]*\),\?$/\1/p' "$folder/json")
complaints=$(sed -n '/"complaints": {/,/}/s/^ *"[0-9]*": "\(.*\)",\?$/\1/p' "$folder/json")
if ((code != 1)) || [[ $found != "$violation" || $complaints != *" $violation" ]] ||
  (($(wc -l <<<"$complaints") != 1)); then
  cat "$folder/out"
  echo "FAILED: expected only $violation to be found: exit code $code, found: ${found:-nothing}"
  exit 1
fi
echo "found: $complaints"
