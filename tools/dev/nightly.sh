# shellcheck shell=sh
# ./dev nightly: what takes too long for every push. Ends with a table; any failure makes the status non-zero.
# Lengths, for a shorter or longer night: NIGHTLY_FUZZ (seconds a target), NIGHTLY_SEEDS.

dev_nightly() {
  NIGHT=$ROOT/build/nightly
  mkdir -p "$NIGHT"
  : >"$NIGHT/table"
  trap 'night_table; exit 130' INT TERM
  night build build dev
  night tests run_tests dev -LE slow
  night slow run_tests dev -L slow
  for sanitizer in asan ubsan tsan; do
    night "$sanitizer" dev_test --sanitizer "$sanitizer"
  done
  night seeds dev_sim --seed "$(date +%s)" --seeds "${NIGHTLY_SEEDS:-10000}"
  night fuzz dev_fuzz "${NIGHTLY_FUZZ:-600}"
  night lint dev_lint --deep
  night_table
  ! grep -q FAILED "$NIGHT/table"
}

# night NAME COMMAND...: one row of the table; the output goes to build/nightly/NAME.log, its end to the terminal.
night() {
  name=$1
  shift
  say "nightly: $name"
  began=$(date +%s)
  verdict=ok
  ("$@") >"$NIGHT/$name.log" 2>&1 </dev/null || verdict=FAILED
  tail -n 3 "$NIGHT/$name.log"
  printf '%-8s %-7s %6d s  build/nightly/%s.log\n' "$name" "$verdict" "$(($(date +%s) - began))" "$name" >>"$NIGHT/table"
}

night_table() {
  echo
  cat "$NIGHT/table"
}
