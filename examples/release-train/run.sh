#!/usr/bin/env bash
# Sends release trains on their way: one through a kill -9 and a failure, one
# that leaves a repository behind, one that is cancelled, one that is rejected,
# and one that is forgotten. Checks what it shows.
#
# Usage: run.sh      PAWL_BIN_DIR names the folder with pawld and pawl.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../support/show.sh"

# begin ID REPOSITORY...
begin() {
  local id=$1 list
  shift
  list=$(printf '"%s",' "$@")
  pawl run examples/release-train --id "$id" -o name -i "{
    \"repositories\": [${list%,}], \"fixVersion\": \"v2.1.0\",
    \"sprintName\": \"sprint-2024-01\", \"releaseType\": \"release\",
    \"services\": \"$services\"}"
}
# follow FILE [LAST]: the events of the train t1 behind that one, by SSE.
follow() {
  curl -sN "$PAWL_URL/v1/instances/t1/events" -H "Last-Event-ID: ${2:-0}" >"$1" &
  follower=$!
  disown "$follower"
}
ids() { sed -n 's/^id: *//p' "$1"; }
decide() { show pawl "$1" "$2" --by ann --group release-managers -m "$3"; }
is_asked() { [ "$(of "$1" 'it["state"]')" = approving ]; }

say "The services, the daemon, the definition"
start_services
start_pawld --set retention.purge_every=1s
show pawl def apply "$here/release-train.yaml"

say "Four repositories side by side; kill -9 while all are at work"
control '{"slow": {"POST /git": 1.5},
  "fail": {"POST /git/payments/pulls": [503, 503, 503, 503]}}'
begin t1 frontend backend payments search
follow "$work/sse.1"
eventually 10 has "performed POST /git" 4 || fail "no branches were made"
kill_pawld
control '{"slow": {"POST /git": 0}}'
start_pawld --set retention.purge_every=1s
last=$(ids "$work/sse.1" | tail -n 1)
follow "$work/sse.2" "$last"
echo "the stream goes on behind event $last"

say "One repository fails more often than it is tried again: the train stands"
becomes t1 suspended
show pawl explain t1
same "calls that were under way, repeated under their keys" "$(count 'replayed POST /git')" 4
same "branches, merges, pull requests" "$(count 'performed POST /git/')" 11
same "what may be done" "$(of t1 '[a["name"] for a in it["allowedActions"] if a["name"] in ("resume", "skip", "cancel")]')" \
  "['resume', 'cancel', 'skip']"

say "The service is back: resume. Only what failed is done again"
show pawl resume t1 --reason 'the code host is back'
eventually 10 is_asked t1 || fail "nobody was asked"
same "branches, merges, pull requests" "$(count 'performed POST /git/')" 12
decide approve t1 'all four are green'
becomes t1 completed
show pawl result t1
eventually 10 grep -q instance.completed "$work/sse.2" || fail "the stream did not end"
pawl history t1 -o jsonl >"$work/history"
same "events of the stream, through the kill" \
  "$(cat <(ids "$work/sse.1") <(ids "$work/sse.2") | tr '\n' ' ')" \
  "$(seq "$(wc -l <"$work/history")" | tr '\n' ' ')" | cut -c1-70

say "A repository that cannot be released is left behind"
control '{"fail": {"POST /git/legacy/merges": [409]}}'
begin t2 frontend legacy
becomes t2 suspended
show pawl skip t2 --output '{"skipped": true}' --reason 'legacy has conflicts'
show pawl resume t2
eventually 10 is_asked t2 || fail "nobody was asked"
decide approve t2 'without legacy then'
becomes t2 completed
same "left behind" "$(of t2 'it["output"]["skipped"]')" "['legacy']"
same "released" "$(of t2 '[r["repository"] for r in it["output"]["released"]]')" "['frontend']"

say "After a failure somebody cancels: what was made is removed, the last first"
control '{"slow": {"POST /git/backend/branches": 1},
  "fail": {"POST /git/backend/pulls": [422]}}'
begin t3 frontend backend
becomes t3 suspended
show pawl cancel t3 --reason 'next sprint'
becomes t3 cancelled
same "removed" "$(calls DELETE)" \
  "/git/backend/branches/branches-2 /git/frontend/pulls/pulls-3 /git/frontend/branches/branches-3"

say "A release that is rejected fails, and is removed too"
begin t4 docs
eventually 10 is_asked t4 || fail "nobody was asked"
decide reject t4 'not on a Friday'
becomes t4 faulted
same "error" "$(of t4 'it["error"]["detail"]')" "ann: not on a Friday"
same "removed" "$(calls 'DELETE /git/docs')" "/git/docs/pulls/pulls-1 /git/docs/branches/branches-1"

say "Retention: a version whose trains are forgotten a second after they ended"
sed "s/version: '1.0.0'/version: '1.0.1'/; s/completed: P30D/completed: PT1S/" \
  "$here/release-train.yaml" >"$work/short.yaml"
show pawl def apply "$work/short.yaml"
begin t5 frontend
eventually 10 is_asked t5 || fail "nobody was asked"
decide approve t5 'go'
gone() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$PAWL_URL/v1/instances/t5")" = 410 ]; }
eventually 10 gone || fail "t5 is still there"
show pawl ls
same "what is kept" "$(pawl ls -o name | sort | tr '\n' ' ')" "t1 t2 t3 t4 "

printf '\nEverything is as it should be.\n'
