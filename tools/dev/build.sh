# shellcheck shell=sh
# ./dev build, clean: one folder per preset under build/ (CMakePresets.json).

dev_build() {
  preset=dev
  case ${1:-} in --core) preset=core && shift ;; esac
  build "$preset" "$@"
}

dev_clean() {
  case ${1:-} in
    '') rm -rf "$ROOT/build" ;;
    --all) rm -rf "$ROOT/build" "$ROOT/.venv" "$ROOT/runs" ;;
    *) fail "clean knows --all, not '$1'" ;;
  esac
}

# build PRESET [target...]: with what the preset needs installed first.
build() {
  preset=$1
  shift
  case $preset in
    dev) need_core && need_torch ;;
    fuzz) need_fuzz ;;
    *) need_core ;;
  esac
  configure "$preset"
  NINJA_STATUS="[$preset %f/%t, %e s] " cmake --build "$ROOT/build/$preset" --parallel "$(jobs)" ${1:+--target "$@"} ||
    fail "the build failed; the first error is above (after a change of compiler or packages, ./dev clean helps)"
}

# Ninja looks after the CMake files by itself; it does not look at the presets.
configure() {
  made=$ROOT/build/$1/build.ninja
  if [ ! -f "$made" ] || [ -n "$(find "$ROOT/CMakePresets.json" -newer "$made")" ]; then
    say "configuring build/$1"
    logged "configure-$1" cmake --preset "$1" || {
      grep -A 6 'CMake Error' "$LOGS/configure-$1.log" | head -n 12 >&2
      fail "cmake failed: see $LOGS/configure-$1.log"
    }
  fi
}

# The preset for what needs no torch: the whole build where there is one, else the torch-free one.
core_preset() { [ -f "$ROOT/build/dev/build.ninja" ] && echo dev || echo core; }
