#!/bin/sh
# A queue, three workers, and items that go through them. Needs `nats-server` (Debian has it) and
# `pipeline` on the PATH:
#
#   PATH=$PWD/target/dist:$PATH examples/nats/run.sh [COUNT]
#
# Half way it deploys another version, and kills a worker: nothing is missing at the end.
set -eu

count=${1:-3000}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
url=nats://127.0.0.1:${PORT:-14222}
workers=
server=
# What was started ends with this script, however it ends.
trap 'kill $workers 2>/dev/null || true; wait $workers 2>/dev/null || true
    kill $server 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

nats-server -js -a 127.0.0.1 -p "${PORT:-14222}" -sd "$folder/store" >"$folder/server.log" 2>&1 &
server=$!

# The first command that finds a server puts the pipeline where workers look for it.
until pipeline deploy "$here/manifest.yaml" --nodes "$here/nodes" --name slogan --nats "$url" \
    2>"$folder/deploy.log"; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/server.log" >&2; exit 1; }
    sleep 0.2
done

work() {
    pipeline work --deployed slogan --nats "$url" --stream slogans --consumer slogan --create \
        --ack-wait 5 --timeout 10 2>>"$folder/worker-$1.log" &
    workers="$workers $!"
    last=$!
}
for number in 1 2 3; do work "$number"; done
until grep -q "working on" "$folder/worker-3.log" 2>/dev/null; do sleep 0.2; done
echo "three workers are there" >&2

seq "$count" | sed 's/.*/"slogan &"/' >"$folder/items.ndjson"
pipeline submit --nats "$url" --stream slogans --input-file "$folder/items.ndjson" \
    >"$folder/results.ndjson" &
submit=$!

sed 's/"!!"/"!?"/' "$here/manifest.yaml" >"$folder/manifest.yaml"
pipeline deploy "$folder/manifest.yaml" --nodes "$here/nodes" --name slogan --nats "$url"
kill -9 "$last"
echo "a worker was killed; the others have what it had after 5 seconds" >&2

wait "$submit"
head -n 1 "$folder/results.ndjson"
tail -n 1 "$folder/results.ndjson"
echo "$(wc -l <"$folder/results.ndjson") results of $count items" >&2
