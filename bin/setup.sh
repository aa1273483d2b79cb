# shellcheck shell=bash
# What bin/up, bin/test and bin/fuzz share: what a Debian 12 lacks for them, and the build. Sourced,
# never run; needs bash 5. The scripts call, in this order: need_…, install_missing, build.

program=bin/${0##*/}
script=$(realpath "$0")
cd "$(dirname "$script")/.." || exit 1
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin  # nginx lives there, off an ordinary user's PATH

# A message never stops a script: its terminal may be gone while it still has to clean up.
say() { printf '%s: %s\n' "$program" "$*" 2>/dev/null || true; }
complain() { printf '%s: %s\n' "$program" "$*" >&2 2>/dev/null || true; }
die() { complain "$@"; exit 1; }
usage_error() { complain "$* (see $program --help)"; exit 2; }

# Prints the comment at the top of the calling script.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$script"; }

tail_of() { [[ ! -s $1 ]] || tail -n "${2:-40}" "$1" >&2; }

# --- What is needed ---

missing=()  # packages to install
checked=()  # "command minimum" of the tools whose version matters

# need_command PACKAGE COMMAND: wherever on PATH the command comes from, it is used.
need_command() { command -v "$2" >/dev/null || missing+=("$1"); }

# need_version PACKAGE COMMAND MINIMUM
need_version() {
  checked+=("$2 $3")
  recent_enough "$2" "$3" || missing+=("$1")
}
recent_enough() {
  local version
  command -v "$1" >/dev/null || return 1
  version=$("$1" --version 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1) || return 1
  printf '%s\n' "$2" "$version" | sort -CV
}

# need_header PACKAGE HEADER
need_header() {
  local folder
  for folder in /usr/include "/usr/include/$(uname -m)-linux-gnu" /usr/local/include; do
    [[ ! -e $folder/$2 ]] || return 0
  done
  missing+=("$1")
}

# For every preset. Who builds one with the web page (CHIRM_WEB) calls need_for_web, too.
need_for_building() {
  need_command g++ "${CXX:-g++}"
  need_version cmake cmake 3.25
  need_command ninja-build ninja
  need_command pkg-config pkg-config
  need_header libuv1-dev uv.h
  need_header libwslay-dev wslay/wslay.h
  need_header libhiredis-dev hiredis/hiredis.h
  need_header libsqlite3-dev sqlite3.h
  need_header libsimdjson-dev simdjson.h
  need_header libbenchmark-dev benchmark/benchmark.h
  need_header libexpected-dev tl/expected.hpp
  need_header libcli11-dev CLI/CLI.hpp
  need_header libspdlog-dev spdlog/spdlog.h
  need_header libhttp-parser-dev http_parser.h
  need_header libncurses-dev curses.h
  need_header prometheus-cpp-dev prometheus/registry.h
  need_header libssl-dev openssl/evp.h
  need_header libicu-dev unicode/uspoof.h
  need_header libsodium-dev sodium.h
  need_header libzxcvbn-dev zxcvbn.h
}

# Where Node.js comes from elsewhere, its npm comes with it.
need_for_web() {
  need_version nodejs node 18
  need_command npm npm
}

need_for_nodes() {
  need_command redis-server redis-server
  need_command redis-tools redis-cli
  need_command nginx nginx
}

need_for_tests() {
  need_for_nodes
  need_header libgtest-dev gtest/gtest.h
  need_header libgmock-dev gmock/gmock.h
  need_command tmux tmux
  need_command mold mold
  need_command faketime faketime
  need_command openssl openssl
  need_command chromium-headless-shell chromium-headless-shell
  need_command shellcheck shellcheck
  # By version, as another one formats differently.
  need_command clang-format-14 clang-format-14
}

# Installs what the need_… calls found missing, as root or with sudo.
install_missing() {
  local tool as_root=()
  if ((${#missing[@]})); then
    if ((EUID != 0)); then
      # Without a terminal sudo cannot ask for a password.
      if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
        die "needs packages, and is neither root nor may use sudo; as root:" \
            "apt-get install --no-install-recommends ${missing[*]}"
      fi
      as_root=(sudo)
    fi
    command -v apt-get >/dev/null || die "no apt-get here; install by hand: ${missing[*]}"
    say "installing ${missing[*]}"
    install_packages || die "could not install the packages (above: the end of what apt said)"
  fi
  for tool in ${checked[@]+"${checked[@]}"}; do
    # shellcheck disable=SC2086 # two words on purpose
    recent_enough $tool || die "$(command -v "${tool% *}") is too old (needs ${tool#* })" \
      "and comes first on PATH; remove it or put a newer one before it"
  done
}

# In a subshell, for its EXIT trap.
install_packages() (
  log=$(mktemp)
  policy=/usr/sbin/policy-rc.d
  trap 'rm -f "$log"' EXIT

  # redis-server and nginx are wanted for their programs; their packages would also start the
  # services on port 6379 and 80. 101 is "not allowed" to invoke-rc.d. A machine that has such a
  # policy already keeps its own.
  if [[ ! -e $policy ]]; then
    trap 'rm -f "$log"; "${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null || exit 1
    "${as_root[@]}" chmod 755 "$policy" || exit 1
  fi

  apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y
       -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  if ! { "${apt[@]}" update &&
         "${apt[@]}" install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail_of "$log" 20
    exit 1
  fi

  # … nor are they to start with the next boot.
  if [[ -d /run/systemd/system ]]; then
    for service in redis-server nginx; do
      [[ " ${missing[*]} " != *" $service "* ]] ||
        "${as_root[@]}" systemctl disable --quiet "$service" >/dev/null 2>&1 || true
    done
  fi
)

# --- Long commands ---

running=  # the process group that run waits for

# run COMMAND …: in a process group of its own. So a signal to the script is answered at once (bash
# would first let a foreground command end), and stop_running takes all of the command with it.
run() {
  local status=0
  setsid "$@" &
  running=$!
  wait "$running" || status=$?
  running=
  return "$status"
}

stop_running() {
  [[ -n $running ]] || return 0
  kill -TERM -- "-$running" 2>/dev/null || kill -TERM "$running" 2>/dev/null || true
  wait "$running" 2>/dev/null || true
}

# build PRESET [TARGET …]
build() {
  local preset=$1 log=build/$1.log
  shift
  mkdir -p build
  say "building (preset $preset, -j$(nproc), log $log)"
  run cmake --preset "$preset" >"$log" 2>&1 ||
    { tail_of "$log"; die "could not configure the build (all of it: $log)"; }
  run cmake --build --preset "$preset" -j "$(nproc)" ${1:+--target "$@"} >>"$log" 2>&1 ||
    { tail_of "$log"; die "the build failed (all of it: $log)"; }
}
