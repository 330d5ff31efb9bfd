# shellcheck shell=sh
# ./dev setup: Debian's packages, and torch in .venv. What is there is not touched; looking takes a fraction of a second.

TORCH_VERSION=2.13.0
VENV=$ROOT/.venv

# PACKAGE or PACKAGE=COMMAND; with the latter, a command of that name from elsewhere will do as well.
CORE_PACKAGES="g++=g++ cmake=cmake ninja-build=ninja ccache=ccache mold=mold python3=python3 iproute2=ip
  coinor-libclp-dev libasio-dev libbenchmark-dev libcli11-dev libfmt-dev libgmock-dev libgtest-dev libhwy-dev libssl-dev
  libtomlplusplus-dev libxxhash-dev nlohmann-json3-dev"
TORCH_PACKAGES="python3-venv"
# Faster builds, but builds without them.
SPEED_PACKAGES="ccache mold"
FUZZ_PACKAGES="clang=clang libclang-rt-14-dev lld"
# What benches compare with.
BENCH_PACKAGES="iperf3=iperf3 openmpi-bin=mpirun libopenmpi-dev=mpicc"
LINT_PACKAGES="clang=clang clang-tidy=clang-tidy clang-format=clang-format shellcheck=shellcheck"

dev_setup() {
  torch=yes lint=no bench=no
  for argument; do
    case $argument in
      --core) torch=no ;;
      --lint) lint=yes ;;
      --bench) bench=yes ;;
      *) fail "setup knows --core, --lint and --bench, not '$argument'" ;;
    esac
  done
  need_core
  [ "$torch" = no ] || need_torch
  [ "$lint" = no ] || need_lint
  [ "$bench" = no ] || need_bench
  say "set up"
}

need_core() { need_packages "$CORE_PACKAGES"; }
need_lint() { need_packages "$CORE_PACKAGES $LINT_PACKAGES"; }
need_bench() { need_packages "$CORE_PACKAGES $BENCH_PACKAGES"; }
need_fuzz() { need_packages "$CORE_PACKAGES $FUZZ_PACKAGES"; }

need_packages() {
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  needed=$(without "$SPEED_PACKAGES" "$missing")
  if [ -z "$needed" ] && { ! have apt-get || [ "$(id -u)" -ne 0 ]; }; then return 0; fi
  if ! have apt-get; then
    fail "this is not Debian; install what corresponds to: $needed"
  elif [ "$(id -u)" -ne 0 ]; then
    fail "packages are missing and only root can install them; run this, then ./dev again:
  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
  fi
  say "installing Debian packages: $missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of packages
  if ! logged apt-update apt-get -o Acquire::Retries=3 update ||
    ! logged apt-install apt-get -o Acquire::Retries=3 install -y --no-install-recommends $missing; then
    apt_failed "$needed"
  fi
}

# Where the failed packages only make builds faster, the build goes on without.
apt_failed() {
  if [ -z "$1" ]; then
    say "apt-get failed; going on, since what is missing only makes builds faster"
    return 0
  fi
  cat "$LOGS/apt-update.log" "$LOGS/apt-install.log" 2>/dev/null | grep -E '^(E|W|Err)' | tail -n 3 >&2
  fail "apt-get failed: see $LOGS/apt-update.log and apt-install.log, and whether this machine reaches its package mirror (/etc/apt/sources.list*)"
}

# Prints those of the list that neither dpkg nor the PATH has. Where there is no dpkg, CMake finds out about libraries.
missing_packages() {
  have dpkg-query && libraries=known || libraries=unknown
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  missing=
  for entry in $1; do
    package=${entry%%=*}
    printf '%s\n' "$installed" | grep -qxF "$package" && continue
    [ "$entry" != "$package" ] && have "${entry#*=}" && continue
    [ "$entry" = "$package" ] && [ "$libraries" = unknown ] && continue
    case " $missing " in *" $package "*) ;; *) missing="${missing:+$missing }$package" ;; esac
  done
  printf '%s' "$missing"
}

# The words of the second list that are not in the first.
without() {
  kept=
  for word in $2; do
    case " $1 " in *" $word "*) ;; *) kept="${kept:+$kept }$word" ;; esac
  done
  printf '%s' "$kept"
}

# torch from its wheel, for its headers and libraries. pip writes a package's RECORD last, so a cut-off install does not count.
need_torch() {
  for record in "$VENV"/lib/python3*/site-packages/torch-"$TORCH_VERSION"*.dist-info/RECORD; do
    [ -f "$record" ] && return 0
  done
  if [ ! -x "$VENV/bin/pip" ]; then
    python3 -c 'import ensurepip' 2>/dev/null || need_packages "$TORCH_PACKAGES"
    say "making the virtual environment .venv"
    logged venv python3 -m venv --clear "$VENV" ||
      fail "python3 -m venv failed: see $LOGS/venv.log (the disk full, or Debian's package python3-venv missing?)"
  fi
  say "installing torch $TORCH_VERSION into .venv"
  install_torch || {
    say "pip failed; trying once more"
    install_torch
  } || {
    grep -i error "$LOGS/pip.log" | tail -n 3 >&2
    fail "pip could not install torch==$TORCH_VERSION: see $LOGS/pip.log; ./dev build --core and ./dev test --core do without it"
  }
}

install_torch() { logged pip "$VENV/bin/pip" install "torch==$TORCH_VERSION"; }
