# shellcheck shell=sh
# What every part of ./dev uses: how it speaks, fails, waits, and how many jobs it starts.

LOGS=$ROOT/build/log

say() { printf 'dev: %s\n' "$*"; }

# The one line that helps, then out.
fail() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# One job per core, but no more than memory allows: a file that includes torch takes about 1.5 GiB to compile.
jobs() {
  cores=$(nproc)
  gigabytes=$(awk '/^MemAvailable:/ { printf "%d", $2 / 1048576 }' /proc/meminfo)
  by_memory=$((gigabytes * 2 / 3))
  [ "$by_memory" -ge 1 ] || by_memory=1
  [ "$cores" -le "$by_memory" ] && echo "$cores" || echo "$by_memory"
}

# logged NAME COMMAND...: runs it with its output in build/log/NAME.log, says every 10 s that it goes on, and returns its
# status. Ctrl-C ends the command too (a shell's background commands ignore it by themselves).
logged() {
  log=$LOGS/$1.log
  shift
  mkdir -p "$LOGS"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  elapsed=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    elapsed=$((elapsed + 1))
    [ $((elapsed % 10)) -ne 0 ] || printf 'dev:   %3d s: %.100s\n' "$elapsed" "$(tr '\r' '\n' <"$log" | grep . | tail -n 1)"
  done
  status=0
  wait "$pid" || status=$?
  trap - INT TERM
  return "$status"
}
