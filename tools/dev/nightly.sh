# shellcheck shell=sh
# ./dev nightly [part...]: what takes too long for every push, or only the parts that are named. Ends with a table; any failure makes
# the status non-zero. Lengths, for a shorter or longer night: NIGHTLY_FUZZ (seconds a target), NIGHTLY_SEEDS, NIGHTLY_HOSTILE.

NIGHT_PARTS="build alone tests slow asan ubsan tsan seeds hostile faults fuzz lint"

dev_nightly() {
  NIGHT=$ROOT/build/nightly
  mkdir -p "$NIGHT"
  [ $# -gt 0 ] || eval "set -- $NIGHT_PARTS"
  for part; do
    case " $NIGHT_PARTS " in *" $part "*) ;; *) fail "the parts of the night are $NIGHT_PARTS, not '$part'" ;; esac
  done
  : >"$NIGHT/table"
  trap 'night_table; exit 130' INT TERM
  for part; do
    case $part in
      build) night build build dev ;;
      alone) night alone build alone ;;
      tests) night tests dev_test ;;
      slow) night slow night_slow ;;
      asan | ubsan | tsan) night "$part" dev_test --sanitizer "$part" ;;
      seeds) night seeds dev_sim --seed "$(date +%s)" --seeds "${NIGHTLY_SEEDS:-10000}" ;;
      hostile) night hostile dev_sim --hostile --seed "$(date +%s)" --seeds "${NIGHTLY_HOSTILE:-500}" ;;
      faults) night faults bench_faults --repeats 1 ;;
      fuzz) night fuzz dev_fuzz "${NIGHTLY_FUZZ:-600}" ;;
      lint) night lint dev_lint --deep ;;
    esac
  done
  night_table
  ! grep -q FAILED "$NIGHT/table"
}

night_slow() {
  build dev
  run_tests dev -L slow
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
