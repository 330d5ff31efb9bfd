# shellcheck shell=sh
# ./dev demo, test, sim, fuzz, bench: build, then run.

dev_demo() {
  build dev intertie intertie-trainer
  if [ "${1:-}" = --faults ]; then
    shift
    demo_with_faults "$@"
    return
  fi
  say "three sites on this machine; the links between them are emulated"
  case " $* " in *" --resume "* | *" --fresh "*) ;; *) set -- --fresh "$@" ;; esac
  exec "$ROOT/build/dev/bin/intertie" train "$ROOT/examples/three-sites.toml" --local "$@"
}

# Shorter: 18 merges of small steps, and some more for those that a site missed. A step takes no less than 75 ms, so that a site
# which is started again is back some merges before the end, and somebody can watch.
demo_with_faults() {
  say "three sites on this machine: a link is cut and mended, a site is killed and comes back"
  mkdir -p "$LOGS"
  set -- --set train.tokens="180 steps" --set train.local_batch_size=4 --set sync.every=10 \
    --set train.evaluate_every="90 steps" --set train.checkpoint_every="90 steps" "$@"
  for site in ashburn columbus quincy; do set -- --set "site.$site.step_time=75 ms" "$@"; done
  run=$ROOT/examples/three-sites.toml
  "$ROOT/build/dev/bin/intertie" train "$run" --local --fresh --script "$ROOT/examples/demo-faults.script" "$@"
  "$ROOT/build/dev/bin/intertie" report "$run" --json >"$LOGS/demo-faults.json" 2>"$LOGS/demo-faults.log"
  python3 "$ROOT/tools/dev/expect_faults.py" <"$LOGS/demo-faults.json"
}

dev_test() {
  preset=dev
  case ${1:-} in
    --core) preset=core && shift ;;
    --sanitizer)
      preset=${2:-}
      case $preset in asan | tsan | ubsan) shift 2 ;; *) fail "the sanitizers are asan, tsan and ubsan, not '$preset'" ;; esac
      ;;
  esac
  build "$preset"
  run_tests "$preset" -LE slow "$@"
}

# run_tests PRESET [ctest options]: the last lines are ctest's own summary.
run_tests() {
  preset=$1
  shift
  ctest --test-dir "$ROOT/build/$preset" --output-on-failure --no-tests=error --parallel "$(nproc)" "$@"
}

dev_sim() {
  preset=$(core_preset)
  build "$preset" sim
  exec "$ROOT/build/$preset/bin/sim" "$@"
}

# Finds go to build/fuzz/finds/, and each target's corpus stays in build/fuzz/corpus/NAME for the next time; it begins with real
# messages (fuzz/seeds.cpp). One target per core at a time. `wire` stands for those that decode what crosses between sites.
dev_fuzz() {
  seconds=20
  case ${1:-} in [0-9]*) seconds=$1 && shift ;; esac
  [ "${1:-}" != wire ] || { shift && set -- frame_fuzz codec_fuzz links_fuzz "$@"; }
  [ $# -gt 0 ] || eval "set -- $(names_of "$ROOT"/fuzz/*_fuzz.cpp | tr '\n' ' ')"
  build fuzz fuzz_seeds "$@"
  mkdir -p "$ROOT/build/fuzz/finds" "$LOGS"
  "$ROOT/build/fuzz/bin/fuzz_seeds" "$ROOT/build/fuzz/corpus"
  crashed=$ROOT/build/fuzz/crashed
  : >"$crashed"
  lanes=$(jobs)
  running=
  trap 'kill $running 2>/dev/null; exit 130' INT TERM # the shell's background commands ignore Ctrl-C by themselves
  for target; do
    mkdir -p "$ROOT/build/fuzz/corpus/$target"
    say "$target: $seconds s"
    fuzz_one "$target" "$seconds" &
    running="$running $!"
    # shellcheck disable=SC2086
    [ "$(echo $running | wc -w)" -lt "$lanes" ] || { wait && running=; }
  done
  wait
  trap - INT TERM
  [ ! -s "$crashed" ] || fail "crashed: $(tr '\n' ' ' <"$crashed"); the inputs are in build/fuzz/finds/ (run build/fuzz/bin/TARGET INPUT)"
}

# Source files -> the programs that CMake makes of them.
names_of() {
  for source; do basename "$source" .cpp; done
}

# The end of what it says goes to the terminal at once, so that targets side by side do not mix.
fuzz_one() {
  log=$LOGS/$1.log
  trap 'kill "$fuzzer" 2>/dev/null' TERM
  "$ROOT/build/fuzz/bin/$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$ROOT/build/fuzz/finds/$1-" "$ROOT/build/fuzz/corpus/$1" >"$log" 2>&1 &
  fuzzer=$!
  if wait "$fuzzer"; then
    say "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
  else
    echo "$1" >>"$crashed"
    printf 'dev: %s crashed:\n%s\n' "$1" "$(tail -n 40 "$log")"
  fi
}

# Root; docs/wan.md.
dev_wan() {
  preset=$(core_preset)
  build "$preset" wan >&2
  exec "$ROOT/build/$preset/bin/wan" "$@"
}

# Logs of what broke a promise stay in build/faults/. Ctrl-C ends it with all that it has started.
bench_faults() {
  [ "$(id -u)" -eq 0 ] || fail "bench faults needs root, for network namespaces"
  build dev intertie intertie-trainer wan
  status=0
  python3 "$ROOT/bench/faults" --intertie "$ROOT/build/dev/bin/intertie" --wan "$ROOT/build/dev/bin/wan" \
    --text "$ROOT/tests/data/tinyshakespeare.txt" --keep "$ROOT/build/faults" "$@" || status=$?
  [ "$status" -ne 77 ] || return 0 # skipped, in words
  return "$status"
}

# With --systems only what is named there has to be installed. Ctrl-C ends it with all that it has started.
bench_wan() {
  [ "$(id -u)" -eq 0 ] || fail "bench wan needs root, for network namespaces"
  case " $* " in *" --systems"* | *" --help "* | *" -h "*) ;; *) need_bench ;; esac
  build dev intertie wan
  status=0
  python3 "$ROOT/bench/wan" --intertie "$ROOT/build/dev/bin/intertie" --wan "$ROOT/build/dev/bin/wan" --python "$VENV/bin/python" \
    "$@" || status=$?
  [ "$status" -ne 77 ] || return 0 # skipped, in words
  return "$status"
}

# Kernels and links need no torch; the two that train do. A target that is missed fails the command, after the others have run.
dev_bench() {
  case ${1:-} in
    faults | wan)
      bench=$1
      shift
      "bench_$bench" "$@"
      return
      ;;
  esac
  preset=$(core_preset)
  if [ $# -eq 0 ]; then
    eval "set -- $(names_of "$ROOT"/bench/*_bench.cpp | tr '\n' ' ')"
    [ "$preset" = core ] || set -- "$@" trainer_speed paced_utilisation
  fi
  missed=
  for bench; do
    [ ! -f "$ROOT/bench/${bench}_bench.cpp" ] || bench=${bench}_bench
    say "$bench"
    case $bench in
      trainer_speed) bench_trainer ;;
      paced_utilisation) bench_utilisation ;;
      *_bench) build "$preset" "$bench" && "$ROOT/build/$preset/bin/$bench" ;;
      *) fail "there is no bench '$bench'; there are faults, wan, trainer_speed, paced_utilisation and those of bench/*_bench.cpp" ;;
    esac || missed="$missed $bench"
  done
  [ -z "$missed" ] || fail "missed its target:$missed"
}

bench_trainer() {
  build dev trainer_speed
  "$VENV/bin/python" -W ignore "$ROOT/bench/trainer/compare.py" --program "$ROOT/build/dev/bin/trainer_speed"
}

bench_utilisation() {
  build dev intertie intertie-trainer
  python3 "$ROOT/bench/paced_utilisation.py" --intertie "$ROOT/build/dev/bin/intertie" --text "$ROOT/tests/data/tinyshakespeare.txt"
}
