#!/usr/bin/env bash
# Counts the words of a text with a worker of each kind; one dies by kill -9 over
# its job, and the daemon too, while another has one. See README.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../show.sh"

# words ID: an instance that waits for a worker.
words() {
  id=$1
  pawl run examples/words --id "$id" -o name -i '{"text": "to be or not to be"}'
}
# work COMMAND...: a worker in the background.
work() {
  echo "${dim}\$ $* &${plain}"
  "$@" 2>>"$work/worker.log" &
  worker=$!
  disown "$worker"
}
leased() { ask GET /v1/queues/words && [ "$(of .leased)" = 1 ]; }

begin
say 'Nobody serves the queue, and the instance says so'
pawl def apply "$here/words.yaml" -o name | indent
words first
becomes .status waiting
pawl queue ls | indent
pawl explain "$id" | indent

say 'A command for each job: no code of the protocol at all'
work "$bin/pawl" worker run words -- "$here/count.sh"
becomes .output '6 words'
stop "$worker"

for kind in 'python3 python/worker.py' 'node javascript/worker.mjs' \
  'sh shell/worker.sh'; do
  read -r program file <<<"$kind"
  if ! command -v "$program" >"$work/found"; then
    say "No $program here: $file is left out"
    continue
  fi
  say "The same in a language: $file"
  words "with-${program%3}"
  work "$program" "$here/$file" words
  becomes .output '6 words'
  stop "$worker"
done

say 'kill -9 over a job: when the lease runs out, another worker gets it'
words orphan
work "$bin/pawl" worker run words --lease 2 -- sleep 60
eventually 10 leased || fail 'the job was not taken'
kill -9 "$worker"
work "$bin/pawl" worker run words -- "$here/count.sh"
becomes .output '6 words'
stop "$worker"

say 'kill -9 of the daemon while a worker has a job: its result is taken later'
words late
work "$bin/pawl" worker run words -- sh -c "sleep 1; exec $here/count.sh"
eventually 10 leased || fail 'the job was not taken'
kill_pawld
start_pawld
becomes .output '6 words'
ask GET "/v1/instances/$id/history?limit=1000"
is 'results that count' "$(of '[.items[] | select(.type == "task.completed"
  and (.task | endswith("/ask")))] | length')" 1
finish
