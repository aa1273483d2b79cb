# shellcheck shell=bash
# The scenarios of bench/run, which sources this: a function for each, named as on its command line.

fanout-w64() { fanout_columns; print_heading; measure w64 'chirmd floor' --clients 1000 --window 64; }
fanout-w16() { fanout_columns; print_heading; measure w16 'chirmd floor' --clients 1000 --window 16; }
fanout-50() {
  fanout_columns
  versus=server.cpu_us_per_delivery
  print_heading
  measure 50 'chirmd floor' --clients 1000 --rate 50
}

fanout-windows() {
  local window
  fanout_columns
  print_heading
  for window in 1 4 16 64 256 1024; do
    measure "w$window" 'chirmd floor' --clients 1000 --window "$window"
  done
}

subscribers() {
  local clients server value path=server.cpu_us_per_delivery
  fanout_columns
  print_heading
  for clients in 100 1000 10000; do
    measure "$clients" 'chirmd floor' --clients "$clients" --window 16
  done
  printf 'CPU per delivery, 10,000 / 100 subscribers:\n'
  for server in $(servers_of 'chirmd floor'); do
    value=$(quotient "$(median_of "10000-$server" "$path")" "$(median_of "100-$server" "$path")")
    printf '%-18s  %10s' "10000/100 $(name_of "$server")" "$(shown "$value")"
    [[ $server == floor ]] || verdict quotient "$value" '<= 1.3'
    printf '\n'
  done
}

rooms() {
  fanout_columns
  versus=''
  print_heading
  measure 1000x10 chirmd --clients 10000 --rooms 1000 --publishers 10000 --rate 5000
}

big-room() {
  columns=('probe ack p99 ms' probe.ack_us.p99 0.001 '<= 10'
    'probe p50 ms' probe.delivery_us.p50 0.001 ''
    'probe p99 ms' probe.delivery_us.p99 0.001 '<= 10'
    'big room p50 ms' load.delivery_us.p50 0.001 ''
    'big room p99 ms' load.delivery_us.p99 0.001 ''
    'server CPU s' server.cpu_s 1 '')
  print_heading
  measure 10000+2 chirmd --clients 10000 --rate 10 --probe-rooms 1 --probe-rate 100
}

idle() {
  columns=('KiB RSS each' server.rss_kib_per_connection 1 '<= 1'
    'connects/s' connections.per_s 1 '>= 15000'
    'CPU s to connect' server.connect_cpu_s 1 ''
    'CPU s holding' server.cpu_s 1 '')
  print_heading
  measure 10000 'no-inboxes floor' --clients 10000 --idle --warmup 0
  # Each client also has a channel of its own, user:#<name>.
  columns[3]='' columns[7]=''
  measure 10000-inboxes chirmd --clients 10000 --idle --warmup 0
}

churn() {
  columns=('back p50 ms' connections.recovering_us.p50 0.001 ''
    'back p99 ms' connections.recovering_us.p99 0.001 ''
    'reconnects' connections.reconnects 1 ''
    'recovered' connections.recovered 1 ''
    'p50 ms' load.delivery_us.p50 0.001 ''
    'p99 ms' load.delivery_us.p99 0.001 '')
  print_heading
  measure 20-per-s chirmd --clients 1000 --rooms 10 --rate 200 --churn 20
}

# start_redis: sets redis_port.
start_redis() {
  choose_port
  redis_port=$port
  taskset -c "$server_cpu" redis-server --port "$redis_port" --bind 127.0.0.1 --save '' \
    --appendonly no --dir "$results" >>"$results/server.log" 2>&1 &
  pids+=($!)
  wait_until_open "$redis_port" redis-server
}

# What is measured are rooms of two whose members are on different nodes, beside the others.
redis() {
  local run redis_port urls
  columns=('p50 ms' probe.delivery_us.p50 0.001 '<= 2'
    'p99 ms' probe.delivery_us.p99 0.001 ''
    'ack p50 ms' probe.ack_us.p50 0.001 ''
    'ack p99 ms' probe.ack_us.p99 0.001 ''
    'server CPU s' server.cpu_s 1 '')
  print_heading
  for ((run = 1; run <= runs; run++)); do
    start_redis
    urls=()
    for _ in 1 2 3; do
      start_server chirmd --redis "redis://127.0.0.1:$redis_port"
      urls+=(--url "ws://127.0.0.1:$port/connection/websocket")
    done
    load "$results/redis-chirmd-$run.json" "${urls[@]}" --clients 12 --rate 1000 \
      --probe-rooms 3 --probe-rate 50
    stop_servers
  done
  print_row '3 nodes' redis chirmd
}

# start_replica: of the Redis at redis_port; both write each command to their files before they answer.
start_replica() {
  local master=$redis_port i
  choose_port
  mkdir -p "$results/master" "$results/replica"
  rm -rf "$results"/master/* "$results"/replica/*
  redis-cli -p "$master" CONFIG SET dir "$results/master" >/dev/null
  redis-cli -p "$master" CONFIG SET appendfsync always >/dev/null
  redis-cli -p "$master" CONFIG SET appendonly yes >/dev/null
  taskset -c "$server_cpu" redis-server --port "$port" --bind 127.0.0.1 --save '' \
    --appendonly yes --appendfsync always --dir "$results/replica" \
    --replicaof 127.0.0.1 "$master" --repl-diskless-sync-delay 0 >>"$results/server.log" 2>&1 &
  pids+=($!)
  wait_until_open "$port" 'the replica'
  for ((i = 0; i < 200; i++)); do
    [[ $(redis-cli -p "$port" ROLE | sed -n 4p) != connected ]] || return 0
    sleep 0.05
  done
  die 1 "the replica on port $port is not in step; its log: $results/server.log"
}

# replica_case LABEL FLAG …: all runs without and with --ack-replicas 1, by turns, and a row for each.
replica_case() {
  local label=$1 run acks
  shift
  for ((run = 1; run <= runs; run++)); do
    for acks in 0 1; do
      start_redis
      start_replica
      start_server chirmd --redis "redis://127.0.0.1:$redis_port" --ack-replicas "$acks"
      load "$results/$label-$acks-$run.json" --url "ws://127.0.0.1:$port/connection/websocket" "$@"
      stop_servers
    done
  done
  print_row "without" "$label" 0
  print_row "with" "$label" 1
}

# Each publisher is alone in its room, as in store.
replicas() {
  columns=('acked k/s' deliveries_per_s 0.001 ''
    'ack p50 ms' load.ack_us.p50 0.001 ''
    'ack p99 ms' load.ack_us.p99 0.001 ''
    'server CPU s' server.cpu_s 1 '')
  print_heading
  replica_case 20x200 --clients 20 --rooms 20 --rate 200
  replica_case 64x4 --clients 64 --rooms 64 --window 256
}

# store_case LABEL SYNC FLAG …: all runs with a new file each, and a row.
store_case() {
  local label=$1 sync=$2 run
  shift 2
  for ((run = 1; run <= runs; run++)); do
    rm -f "$results"/store.db*
    start_server chirmd --store "$results/store.db" --store-sync "$sync"
    load "$results/$label-chirmd-$run.json" --url "ws://127.0.0.1:$port/connection/websocket" "$@"
    stop_servers
  done
  rm -f "$results"/store.db*
  print_row chirmd "$label" chirmd
}

# Each publisher is alone in its room, so that what is delivered is what was acked.
store() {
  local sync
  for sync in full normal; do
    columns=('acked k/s' deliveries_per_s 0.001 '>= 20'
      'ack p50 ms' load.ack_us.p50 0.001 ''
      'ack p99 ms' load.ack_us.p99 0.001 ''
      'server CPU s' server.cpu_s 1 '')
    print_heading
    store_case "$sync-4x64" "$sync" --clients 4 --rooms 4 --window 256
    columns[3]='' columns[11]='<= 20'
    store_case "$sync-1000" "$sync" --clients 20 --rooms 20 --rate 1000
  done
}

# metric PORT NAME: of the chirmd on that port.
metric() (
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
  awk -v name="$2" '$1 == name { print $2 + 0 }' <&3
)

# sum_of NAME PORT …
sum_of() {
  local name=$1 sum=0 port
  shift
  for port; do sum=$((sum + $(metric "$port" "$name"))); done
  echo $sum
}

# kill_node CLIENTS VICTIM_PID PORT …: kills the node a third into the measurement, and tells the
# reads of history that the others, at the ports, had made by then.
kill_node() {
  local clients=$1 victim=$2 i
  shift 2
  for ((i = 0; i < 1200; i++)); do
    (($(sum_of chirm_sessions "$@" "$victim_port") < clients)) || break
    sleep 0.05
  done
  sleep $((1 + duration / 3)) # the warm-up comes first
  sum_of chirm_broker_histories_total "$@"
  kill -KILL "$victim"
}

# Through nginx, for its clients have to find another node. The reads of history are those of the
# nodes that live on, from then until all is over: none per client, at most one per room and node.
failover() {
  local run nodes ports victim victim_port before clients=10000 rooms=100 file
  ((duration >= 12)) || duration=12
  columns=('back p50 ms' connections.catching_up_us.p50 0.001 ''
    'back p99 ms' connections.catching_up_us.p99 0.001 '<= 5000'
    'came back' connections.reconnects 1 ''
    'recovered' connections.recovered 1 ''
    'history reads' history_reads 1 "<= $((2 * rooms))"
    'p99 ms' load.delivery_us.p99 0.001 '')
  print_heading
  watched=false
  for ((run = 1; run <= runs; run++)); do
    file=$results/failover-chirmd-$run.json
    start_redis
    ports=() nodes=()
    for _ in 1 2 3; do
      start_server chirmd --redis "redis://127.0.0.1:$redis_port"
      ports+=("$port") nodes+=("127.0.0.1:$port")
    done
    victim=${pids[-1]} victim_port=$port
    disown "$victim" # the shell is not to tell that it was killed
    mkdir -p "$results/nginx"
    choose_port
    conf/render-nginx "$results/nginx" "127.0.0.1:$port" "${nodes[@]}"
    PATH=$PATH:/usr/sbin taskset -c "$server_cpu" nginx -p "$results/nginx/" \
      -c "$results/nginx/nginx.conf" -e stderr -g 'daemon off;' >>"$results/server.log" 2>&1 &
    pids+=($!)
    wait_until_open "$port" nginx
    kill_node "$clients" "$victim" "${ports[@]:0:2}" >"$results/before" &
    load "$file" --url "ws://127.0.0.1:$port/connection/websocket" \
      --clients "$clients" --rooms "$rooms" --rate 200
    before=$(<"$results/before")
    sed -i "1a \"history_reads\": $(($(sum_of chirm_broker_histories_total "${ports[@]:0:2}") - before))," "$file"
    stop_servers
  done
  print_row '3 nodes' failover chirmd
}

# The chat's users have tokens; those who log in have accounts. Both are on the generator's core.
# A connection may publish 20 times a second, so several do.
login-storm() {
  local run label file token
  columns=('p50 ms' load.delivery_us.p50 0.001 ''
    'p99 ms' load.delivery_us.p99 0.001 ''
    'ack p99 ms' load.ack_us.p99 0.001 ''
    'server CPU s' server.cpu_s 1 ''
    'logged in' logins.ok 1 ''
    'told 503' logins.busy 1 ''
    'failed' logins.failed 1 '<= 0')
  print_heading
  token=$(node bench/login_storm.js token storm-of-reconnects)
  for ((run = 1; run <= runs; run++)); do
    for label in alone storm; do
      file=$results/$label-chirmd-$run.json
      start_server accounts
      if [[ $label == storm ]]; then
        taskset -c "$load_cpu" node bench/login_storm.js run "$port" 200 $((duration + 3)) \
          >"$results/logins.json" 2>>"$results/load.log" &
      fi
      load "$file" --url "ws://127.0.0.1:$port/connection/websocket" --token "$token" \
        --clients 1000 --publishers 50 --rate 50
      if [[ $label == storm ]]; then
        wait "$!" || failures=$((failures + 1))
        sed -i "1r $results/logins.json" "$file"
      fi
      stop_servers
    done
  done
  print_row chirmd alone chirmd
  print_row chirmd storm chirmd
  run=$(quotient "$(median_of storm-chirmd load.delivery_us.p99)" \
    "$(median_of alone-chirmd load.delivery_us.p99)")
  printf '%-18s  %10s%s\n' 'p99, storm / alone' "$(shown "$run")" "$(verdict quotient "$run" '<= 2')"
}

# redis_calls COMMAND: how often Redis has run it so far, "" for all commands but INFO.
redis_calls() {
  redis-cli -p "$redis_port" INFO commandstats | tr -d '\r' | awk -F'[_:=,]' -v command="$1" '
    $1 == "cmdstat" && $2 != "info" && (command == "" || $2 == command) { sum += $4 }
    END { print sum + 0 }'
}

# count_calls CLIENTS PORT …: once the nodes at the ports have so many clients, what Redis is asked
# in some seconds: all commands, and of them PUBLISH.
count_calls() {
  local clients=$1 i seconds=6 calls publishes
  shift
  for ((i = 0; i < 1200; i++)); do
    (($(sum_of chirm_sessions "$@") < clients)) || break
    sleep 0.05
  done
  sleep 4 # what came of their coming is over
  calls=$(redis_calls '') publishes=$(redis_calls publish)
  sleep $seconds
  calls=$(($(redis_calls '') - calls)) publishes=$(($(redis_calls publish) - publishes))
  awk -v n="$calls" -v p="$publishes" -v s=$seconds \
    'BEGIN { printf("\"redis_calls_per_s\": %.2f,\n\"redis_publishes_per_s\": %.2f,\n", n / s, p / s) }'
}

# What the browser test of the same name measures. Three nodes and a Redis; needs Node.js and npm.
page() {
  CHIRMD=$(realpath "$build/bin/chirmd") REDIS_CONF=$PWD/conf/redis.conf \
    tests/web/run.sh "$results" load.test.js >"$results/load.log" || failures=$((failures + 1))
  sed -n 's/^# \(.*: .* \(ms\|requests\).*\)/\1/p' "$results/load.log"
  printf '%s\n' 'targets: 150 KB, 500 ms, 50 ms'
}

# Rooms of 100, in which everybody asks to be told who comes and goes, and does nothing else.
presence() {
  local run ports urls clients file path=redis_calls_per_s value
  ((duration >= 14)) || duration=14
  columns=('Redis commands/s' $path 1 ''
    'PUBLISH/s' redis_publishes_per_s 1 ''
    'connects/s' connections.per_s 1 ''
    'server CPU s' server.cpu_s 1 '')
  print_heading
  for clients in 2000 10000; do
    for ((run = 1; run <= runs; run++)); do
      file=$results/$clients-chirmd-$run.json
      start_redis
      ports=() urls=()
      for _ in 1 2 3; do
        start_server chirmd --redis "redis://127.0.0.1:$redis_port"
        ports+=("$port") urls+=(--url "ws://127.0.0.1:$port/connection/websocket")
      done
      count_calls "$clients" "${ports[@]}" >"$results/calls" &
      load "$file" "${urls[@]}" --clients "$clients" --rooms $((clients / 100)) --idle --join-leave
      wait $!
      sed -i "1r $results/calls" "$file"
      stop_servers
    done
    print_row '3 nodes' "$clients" chirmd
  done
  value=$(quotient "$(median_of 10000-chirmd $path)" "$(median_of 2000-chirmd $path)")
  printf '%-18s  %10s%s\n' '10000/2000' "$(shown "$value")" "$(verdict quotient "$value" '<= 1.1')"
}

# median_us SHAPE CALLS: of the runs of a benchmark; of one run there are no aggregates.
median_us() {
  local name="BM_RedisPublish_$1/calls:$2/manual_time"
  awk -F, -v one="$name" -v median="${name}_median" '
    { gsub(/"/, "", $1) }
    $1 == one || $1 == median { value = $NF }
    END { print value == "" ? "-" : value }' "$results/script.csv"
}

script() {
  local shape calls value of with_epoch
  "$build/bin/chirm-bench" --benchmark_filter=RedisPublish --benchmark_repetitions="$runs" \
    --benchmark_report_aggregates_only=true --benchmark_format=csv >"$results/script.csv" \
    2>>"$results/server.log"
  printf '%-18s  %10s  %12s  %12s\n' "$scenario" 'us CPU' 'of Script' 'of EpochScript'
  for calls in 64 8; do
    for shape in Plain Script EpochScript Chirm ChirmWithId; do
      value=$(median_us "$shape" "$calls")
      of=$(quotient "$value" "$(median_us Script "$calls")")
      with_epoch=$(quotient "$value" "$(median_us EpochScript "$calls")")
      printf '%-18s  %10s  %12s  %12s' "$calls $shape" "$(shown "$value")" "$(shown "$of")" \
        "$(shown "$with_epoch")"
      [[ $shape != ChirmWithId ]] || verdict 'of EpochScript' "$with_epoch" '<= 1.5'
      printf '\n'
    done
  done
}
