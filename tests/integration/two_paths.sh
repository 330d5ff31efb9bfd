#!/bin/sh
# Two sites in two network namespaces that two cables join, over which a run file leads two paths. The first cable is cut in the
# middle of the run and mended later: the run goes on over the other and nobody is expelled, the path is taken back, and the final
# parameters equal those of the same run with --local.
# usage: two_paths.sh INTERTIE TEXT      (root; exit 77: skipped)
set -eu
intertie=$1 text=$2
# shellcheck source=tests/integration/namespaces.sh
. "$(dirname "$0")/namespaces.sh"
for path in 1 2; do
  ip link add "p$path-$$" netns "$a" type veth peer name "p$path-$$" netns "$b"
  ip netns exec "$a" ip addr add "10.88.$path.1/24" dev "p$path-$$"
  ip netns exec "$b" ip addr add "10.88.$path.2/24" dev "p$path-$$"
  for space in "$a" "$b"; do ip netns exec "$space" ip link set "p$path-$$" up; done
done

mkdir "$work/sites" "$work/local"
cat >"$work/sites/run.toml" <<END
[run]
name = "paths"
[model]
kind = "toy"
toy_elements = 100000
[data]
train = ["text.txt"]
[train]
tokens = "600 steps"
local_batch_size = 2
sequence_length = 16
threads = 1
checkpoint_every = "600 steps"
[sync]
every = 5
[[site]]
name = "ashburn"
address = "10.88.1.1:7400"
step_time = "20 ms"
[[site]]
name = "columbus"
address = "10.88.1.2:7400"
step_time = "20 ms"
[[link]]
between = ["ashburn", "columbus"]
paths = [
  { addresses = { ashburn = "10.88.1.1:7400", columbus = "10.88.1.2:7400" } },
  { addresses = { ashburn = "10.88.2.1:7400", columbus = "10.88.2.2:7400" } },
]
END
cp "$work/sites/run.toml" "$work/local/run.toml"
for place in sites local; do cp "$text" "$work/$place/text.txt"; done
cd "$work/sites"
"$intertie" ca run.toml >ca.txt

log=runs/paths/columbus/events.jsonl
timeout 120 ip netns exec "$a" "$intertie" train run.toml --site ashburn >ashburn.txt 2>&1 &
first=$!
timeout 120 ip netns exec "$b" "$intertie" train run.toml --site columbus >columbus.txt 2>&1 &
second=$!

# wait_for COUNT EVENT [MORE]: until the log has so many of them; 30 s at most.
wait_for() {
  tries=0
  while [ "$(grep "\"event\":\"$2\"" $log 2>/dev/null | grep -c "${3:-}")" -lt "$1" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 300 ]; then
      echo "there is no $1. $2 ${3:-}"
      tail -n 20 ashburn.txt columbus.txt
      exit 1
    fi
    sleep 0.1
  done
}
# Either may be there first, and that is told as the link's beginning.
wait_for 1 path.changed '"state":"up"'
wait_for 5 merge.committed
ip netns exec "$a" ip link set "p1-$$" down
wait_for 1 path.changed '"path":0,"state":"down"'
ups=$(grep -c '"path":0,"state":"up"' $log || true)
merges=$(grep -c '"event":"merge.committed"' $log)
wait_for $((merges + 5)) merge.committed
ip netns exec "$a" ip link set "p1-$$" up
wait_for $((ups + 1)) path.changed '"path":0,"state":"up"'

failed=0
wait $first || failed=1
wait $second || failed=1
(cd "$work/local" && timeout 120 "$intertie" train run.toml --local >out.txt 2>&1) || failed=1
hash_of() { sed -n 's/.*"parameters_hash":"\([0-9a-f]*\)".*/\1/p' "$1" | tail -n 1; }
ashburn=$(hash_of runs/paths/ashburn/events.jsonl) columbus=$(hash_of $log)
local=$(hash_of "$work/local/runs/paths/ashburn/events.jsonl")
echo "ashburn $ashburn, columbus $columbus, --local $local"
if [ $failed != 0 ] || [ -z "$ashburn" ] || [ "$ashburn" != "$columbus" ] || [ "$ashburn" != "$local" ]; then
  tail -n 20 ashburn.txt columbus.txt "$work/local/out.txt"
  exit 1
fi
for event in '"event":"view.entered"' '"event":"run.started"'; do
  [ "$(grep -c "$event" $log)" = 1 ] && continue
  echo "not once: $event"
  exit 1
done
if grep '"event":"link.changed"' $log; then exit 1; fi
