#!/usr/bin/env bash
# Reviews stories: one to the end, through trouble of the services, a pause and
# a kill -9; one that does not become good enough; and one that nobody can read.
# See README.md; `run` beside this file shows the first of them at leisure.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../show.sh"

# story ID SCRIPT MORE: begins the review of a story.
story() {
  id=$1
  pawl run examples/story-review --id "$id" -o name -i '{"storyId": "'"$1"'",
  "title": "The fox who could not sleep", "script": "'"$2"'",
  "services": {"review": "'"$services"'/review", "polish": "'"$services"'/polish"},
  "stageTimeout": "PT2S", "rest": "PT1S"'"${3:+, $3}"'}'
}
# seen SERVICE RESULT: how often a service has answered so.
seen() {
  jq -s --arg service "$1" --arg result "$2" \
    '[.[] | select(.service == $service and .result == $result)] | length' \
    "$work/effects.jsonl"
}
has_seen() { [ "$(seen "$1" "$2")" -ge "$3" ]; }

begin
say 'A story whose input is wrong is refused, and nothing is created'
pawl def apply "$here/story-review.yaml" | indent
ask POST /v1/instances '{"workflow": {"namespace": "examples",
  "name": "story-review"}, "input": {"storyId": "s0"}}'
is 'status and code' "$status $(of .code)" '422 invalid-input'

say 'A story is reviewed; the reviewer fails once, the polisher hangs once'
story s1 'A fox lies awake. It counts hens. It leaves.'
eventually 15 has_seen polish performed 1 || fail 'nothing was polished'
pawl pause "$id" --reason 'a look at the draft' | indent
becomes .status suspended
"$bin/pawl" status "$id" | sed -n '1,/^allowed/p' | indent
is 'the audit so far' "$(of '[.context.iterations[].score]')" '[82]'
pawl resume "$id" --reason 'looks fine' | indent

say 'kill -9 while the reviewer is at work on the second round'
eventually 15 has_seen review performed 2 || fail 'there was no second review'
kill_pawld
start_pawld
becomes .status completed
pawl result "$id" | jq -c 'del(.iterations, .finalScript)' | indent
is 'outcome' "$(of .output.outcome)" publish
is 'scores' "$(of '[.output.iterations[].score]')" '[82,90,96]'
is 'cost' "$(of .output.totalCost)" 2
is 'reviews and polishes that were done' "$(seen review performed) $(seen polish performed)" '3 2'
is 'the call that the kill cut off came again under its key' \
  "$(has_seen review replayed 1 && echo yes)" yes
is 'answers of 503, and calls that hung' "$(seen review 503) $(seen polish hangs)" '3 1'
pawl history "$id" | grep -E 'task.retried|suspended|resumed' | cut -c1-110 | indent

say 'A story that may be reviewed once only is given back as it is'
story s2 'A hen lies awake.' '"maxIterations": 1'
becomes .status completed
is 'outcome' "$(of .output.outcome)" max_iterations_reached
is 'reviews' "$(of .output.totalReviews)" 1

say 'A story that no reviewer can read: the error says what could not be done'
story s3 'BROKEN'
becomes .status faulted
pawl status "$id" | grep -E '^(status|error)' | indent
is 'error' "$(of '.error.type | split("/") | last')" stage-exhausted
pawl retry "$id" --from /do/1/review --reason 'perhaps now' | indent
becomes .status faulted
is 'failed reviews, with those of the other stories' "$(seen review 503)" 12
is 'which instances have faulted' "$("$bin/pawl" ls -s faulted -o name)" s3
finish
