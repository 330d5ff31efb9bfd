# shellcheck shell=sh
# Two network namespaces for a test, $a and $b, and a folder, $work; all gone when it exits. To be sourced; root; exit 77: skipped.
[ "$(id -u)" = 0 ] && command -v ip >/dev/null || exit 77
work=$(mktemp -d)
a=intertie-a-$$ b=intertie-b-$$
# shellcheck disable=SC2317  # runs on exit
clean() {
  # shellcheck disable=SC2154  # of who sources this: what it has started
  for pid in ${first:-} ${second:-}; do kill "$pid" 2>/dev/null || true; done
  ip netns del "$a" 2>/dev/null || true
  ip netns del "$b" 2>/dev/null || true
  rm -rf "$work"
}
trap clean EXIT INT TERM
ip netns add "$a" 2>/dev/null || exit 77
ip netns add "$b"
for space in "$a" "$b"; do ip netns exec "$space" ip link set lo up; done
