#!/bin/sh
# Two sites in two network namespaces, with addresses of their own and no shared folder: each gets the run file, the text, and what
# `intertie ca` says to copy. Their final parameters have to equal those of the same run with --local.
# usage: two_namespaces.sh INTERTIE RUN.toml TEXT      (root; exit 77: skipped)
set -eu
intertie=$1 run=$2 text=$3
# shellcheck source=tests/integration/namespaces.sh
. "$(dirname "$0")/namespaces.sh"
ip link add "veth$$" netns "$a" type veth peer name "veth$$" netns "$b"
for space in "$a" "$b"; do
  address=10.88.0.1
  [ "$space" = "$a" ] || address=10.88.0.2
  ip netns exec "$space" ip addr add "$address/24" dev "veth$$"
  ip netns exec "$space" ip link set "veth$$" up
done

mkdir "$work/one" "$work/two" "$work/local"
for place in one two local; do cp "$run" "$work/$place/run.toml" && cp "$text" "$work/$place/text.txt"; done
(cd "$work/one" && "$intertie" ca run.toml >ca.txt)
# What the second machine needs, and nothing else of the first.
mkdir -p "$work/two/runs/two/certificates"
for file in ca.pem columbus.pem columbus.key; do
  cp "$work/one/runs/two/certificates/$file" "$work/two/runs/two/certificates/"
done
rm "$work/one/runs/two/certificates/columbus.key"

hash_of() { sed -n 's/.*"parameters_hash":"\([0-9a-f]*\)".*/\1/p' "$1" | tail -n 1; }
(cd "$work/one" && exec timeout 120 ip netns exec "$a" "$intertie" train run.toml --site ashburn >out.txt 2>&1) &
first=$!
(cd "$work/two" && exec timeout 120 ip netns exec "$b" "$intertie" train run.toml --site columbus >out.txt 2>&1) &
second=$!
failed=0
wait $first || failed=1
wait $second || failed=1
(cd "$work/local" && timeout 120 "$intertie" train run.toml --local >out.txt 2>&1) || failed=1
one=$(hash_of "$work/one/runs/two/ashburn/events.jsonl")
two=$(hash_of "$work/two/runs/two/columbus/events.jsonl")
local=$(hash_of "$work/local/runs/two/ashburn/events.jsonl")
echo "ashburn $one, columbus $two, --local $local"
if [ $failed != 0 ] || [ -z "$one" ] || [ "$one" != "$two" ] || [ "$one" != "$local" ]; then
  tail -n 20 "$work"/*/out.txt
  exit 1
fi
