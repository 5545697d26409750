#!/usr/bin/env bash
# Walks an assessment through its eleven steps, twice through a kill -9, and two
# others to the removal of what they had made. Checks what it shows.
#
# Usage: run.sh      PAWL_BIN_DIR names the folder with pawld and pawl.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../support/show.sh"

begin() {
  pawl run examples/presgen-assess --id "$1" -o name -i "{\"course\": \"$1\",
    \"owner\": \"ann@example.com\", \"services\": \"$services\",
    \"pollEvery\": \"PT0.3S\"}"
}
answers='{"learner": "bob@example.com", "answers": {"q1": "256", "q2": "a copy"}}'
complete() { post "/v1/instances/$1/complete-assessment" "${2:-$answers}"; }
removed='/sheets/spreadsheets/spreadsheets-N /forms/forms/forms-N /drive/folders/folders-N'

say "Five services, the daemon, the definition"
start_services
start_pawld
show pawl def apply "$here/presgen-assess.yaml"

say "Steps 1 to 5: questions, folder, form, publication, sheet"
control '{"slow": {"POST /assess/questions": 1},
  "fail": {"POST /forms/forms": [429, 503]}}'
begin aws
complete aws | field 'it["code"], it["from"], it["to"]' | indent
same "answers that come before the form" "$(<"$work/status")" 409
is_awaited() { [ "$(of "$1" 'it["state"]')" = awaitingCompletion ]; }
eventually 10 is_awaited aws || fail "the form was not published"
same "requests to make one form (429, 503, then it worked)" \
  "$(grep -c '"POST /forms/forms"' "$work/calls.jsonl")" 3

say "Step 6: it waits for a human, as long as that takes; kill -9 meanwhile"
kill_pawld
start_pawld
show pawl explain aws
same "state after the restart" "$(of aws 'it["state"]')" awaitingCompletion
complete aws '{"learner": "bob@example.com"}' | field 'it["detail"]' | indent
same "a payload without answers" "$(<"$work/status")" 422

say "Steps 7 and 8: the analysis is down for longer than the retries last"
control '{"fail": {"POST /assess/gaps": [503, 503, 503, 503]}}'
complete aws >"$work/answer"
same "the answers" "$(<"$work/status")" 200
becomes aws suspended
show pawl explain aws
same "what is kept" "$(of aws 'it["state"]')" analyzingGaps

say "It is up again: resume. kill -9 while step 9 orders the slides"
control '{"slow": {"POST /core/presentations": 1.5}}'
show pawl resume aws --reason 'the analysis is up again'
eventually 10 has "performed POST /core" 1 || fail "no slides were ordered"
kill_pawld
control '{"slow": {"POST /core/presentations": 0}}'
start_pawld

say "Steps 9 to 11: slides, video, delivery"
becomes aws completed
show pawl result aws
same "state" "$(of aws 'it["state"]')" delivered
same "gaps, the worst first" "$(of aws '",".join(it["output"]["skills"])')" storage,identity
same "what was created, in this order" "$(calls POST)" \
  "/assess/questions /drive/folders /forms/forms /forms/forms/forms-1/publications\
 /sheets/spreadsheets /sheets/spreadsheets/spreadsheets-1/values /assess/gaps\
 /core/presentations /avatar/videos /drive/folders/folders-1/permissions /chat/messages"

same "the order was repeated under its key and made nothing new" "$(count "replayed POST /core")" 1
same "asked for the slides until they were done" "$(count "performed GET /core")" 4

say "A second course: the narrator refuses it for good, so all is taken back"
control '{"slow": {"POST /assess/questions": 0},
  "fail": {"POST /avatar/videos": [422], "DELETE /forms": [401]}}'
begin broken
eventually 10 is_awaited broken || fail "the form was not published"
complete broken >"$work/answer"
becomes broken suspended
show pawl explain broken
same "why it stands" "$(of broken 'it["reason"]')" \
  "the compensation of '/do/2/createForm' has failed: Communication Error"

say "The form may be removed now: a resume goes on with that"
show pawl resume broken --reason 'permission granted'
becomes broken faulted
show pawl status broken
same "error" "$(of broken 'it["error"]["status"]')" 422
same "state" "$(of broken 'it["state"]')" narrating
same "what was removed, the last first" "$(calls DELETE)" \
  "/core/presentations/presentations-2 ${removed//N/2}"

say "A third: nobody wants it any more"
begin unwanted
eventually 10 is_awaited unwanted || fail "the form was not published"
show pawl cancel unwanted --reason 'the course was dropped'
becomes unwanted cancelled
same "what was removed then" "$(calls DELETE)" \
  "/core/presentations/presentations-2 ${removed//N/2} ${removed//N/3}"

printf '\nEverything is as it should be.\n'
