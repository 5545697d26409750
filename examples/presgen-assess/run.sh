#!/usr/bin/env bash
# Walks a course through its eleven steps, twice through a kill -9, two others to
# the removal of what they had made, and one that is late past an alert and a
# flag. See README.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../show.sh"
. "$here/../resources.sh"

course() {
  id=$1
  pawl run examples/presgen-assess --id "$id" -o name -i '{"course": "'"$id"'",
  "owner": "ann@example.com", "services": "'"$services"'", "pollEvery": "PT0.3S"}'
}
# complete BODY STATUS: the learner's answers come.
complete() {
  echo "${dim}\$ curl -X POST .../v1/instances/$id/complete-assessment -d '$1'${plain}"
  ask POST "/v1/instances/$id/complete-assessment" "$1"
  is 'status' "$status" "$2"
}
files=/google/drive/v3/files
answers='{"learner": "bob@example.com", "answers": {"q1": "256", "q2": "a copy"}}'

# The catalog of this checkout in place of an installed one, and the secrets, which
# are read when they are used.
catalog=$(cd "$here/../../catalog" && pwd)
sed "s|/usr/share/pawl/catalog|$catalog|" "$here/presgen-assess.yaml" >"$work/assess.yaml"
mkdir "$work/secrets"
export PAWL_RESOURCES_FILE_ROOTS=$catalog PAWL_SECRETS_DIRECTORY=$work/secrets
begin
printf '%s/slack/services/hook' "$services" >"$work/secrets/slack"
jq -n --arg at "$services/google" '{authority: $at, endpoints: {token: "/token"},
  grant: "client_credentials", client: {id: "presgen", secret: "a-secret-of-google"},
  request: {encoding: "application/json"}}' >"$work/secrets/google"
say 'Steps 1 to 5: questions, folder, form, publication, sheet'
pawl def apply "$work/assess.yaml" | indent
control '{"slow": {"POST /assess/questions": 1},
  "fail": {"POST /google/v1/forms": [429, 503]}}'
course aws
complete "$answers" 409
is 'too early' "$(of '[.code, .from]')" '["invalid-transition","generatingQuestions"]'
becomes .state awaitingCompletion
is 'requests to make one form' "$(results 'POST /google/v1/forms')" '["429","503","done"]'

say 'Step 6: it waits for a human, as long as that takes; kill -9 meanwhile'
kill_pawld
start_pawld
pawl explain "$id" | indent
becomes .state awaitingCompletion
complete '{"learner": "bob@example.com"}' 422
is 'what is wrong' "$(of '.error.errors[0].detail')" "the member 'answers' is missing"

say 'Steps 7, 8: the analysis is down for longer than it is tried again'
control '{"fail": {"POST /assess/gaps": [503, 503, 503, 503]}}'
complete "$answers" 200
becomes .status suspended
pawl explain "$id" | indent
is 'what is kept' "$(of '[.state, .reason]')" \
  '["analyzingGaps","nothing has caught its error: Communication Error"]'

say 'It is up again: resume. kill -9 while step 9 orders the slides'
control '{"slow": {"POST /core/presentations": 1.5}}'
pawl resume "$id" --reason 'the analysis is up again' | indent
eventually 10 happened 'POST /core/presentations' || fail 'no slides were ordered'
kill_pawld
control '{"slow": {"POST /core/presentations": 0}}'
start_pawld

say 'Steps 9 to 11: slides, video, delivery'
becomes .status completed
pawl result "$id" | indent
becomes .state delivered
is 'gaps, the worst first' "$(of .output.skills)" '["storage","identity"]'
is 'the order of slides, and its repetition under the same key' \
  "$(results 'POST /core/presentations')" '["done","replayed"]'
is 'asked for the slides until they were done' \
  "$(results 'GET /core/presentations/presentations-1')" '["done","done","done","done"]'
is 'what was done, in this order' "$(all_done POST | sed 's| /google/token||g')" \
  "/assess/questions $files $files/folder-1/permissions /google/v1/forms\
 /google/v1/forms/form-1:batchUpdate /google/v1/forms/form-1:setPublishSettings\
 /google/v4/spreadsheets /google/v4/spreadsheets/sheet-1/values/answers!A1:append\
 /assess/gaps /core/presentations /avatar/videos $files/folder-1/permissions\
 /slack/services/hook"
is 'moved into the folder' "$(all_done PATCH)" "$files/form-1 $files/sheet-1"

say 'A second course: the narrator refuses it for good, so all is taken back'
control '{"slow": {"POST /assess/questions": 0},
  "fail": {"POST /avatar/videos": [422], "DELETE /google/drive/v3/files/form-2": [403]}}'
course broken
becomes .state awaitingCompletion
complete "$answers" 200
becomes .status suspended
pawl explain "$id" | indent
is 'why it stands' "$(of .reason)" \
  "the compensation of '/use/catalogs/pawl/functions/google-forms-create:1.0.0/do/0/create/try/0/post' has failed: Communication Error"
pawl resume "$id" --reason 'the form may be removed now' | indent
becomes .status faulted
is 'the error, and where' "$(of '[.error.status, .state]')" '[422,"narrating"]'
removed="$files/sheet-N $files/form-N $files/folder-N"
is 'removed, the last first' "$(all_done DELETE)" \
  "/core/presentations/presentations-2 ${removed//N/2}"

say 'A third: paused while its sheet is being made, and then not wanted any more'
control '{"slow": {"POST /google/v4/spreadsheets": 1}}'
course unwanted
is_made() { [ "$(done_times 'POST /google/v4/spreadsheets')" = 3 ]; }
eventually 10 is_made || fail 'no sheet was made'
pawl pause "$id" | indent
becomes .status suspended
pawl cancel "$id" --reason 'the course was dropped' | indent
becomes .status cancelled
is 'removed, the last first' "$(all_done DELETE)" \
  "/core/presentations/presentations-2 ${removed//N/2} ${removed//N/3}"

say 'A fourth, of a version with a second of time: its SLA is over, who is on duty hears'
control '{"slow": {"POST /google/v4/spreadsheets": 0}}'
sed "s/version: '1.0.0'/version: '1.0.1'/; s/sla: P14DT30M/sla: PT1S/" \
  "$work/assess.yaml" >"$work/late.yaml"
pawl def apply "$work/late.yaml" -o name | indent
pawl subscription set on-duty --url "$services/alerts" \
  --type io.serverlessworkflow.workflow.overdue -o name | indent
course late
eventually 15 happened 'POST /alerts' || fail 'nobody was told'
is 'of which instance' "$(curl -fs "$services/alerts/last" | jq -r .late)" \
  presgen-assess-late.examples
is 'counted for the alert rule' "$(curl -fs "$PAWL_URL/metrics" |
  sed -n 's/^pawl_instances_total{status="overdue"} //p')" 1

say 'The narrator is down for the day: a flag leaves step 10 out, no new version'
pawl flag set narration false --description 'the narrator moves house' | indent
becomes .state awaitingCompletion
complete "$answers" 200
becomes .state delivered
is 'the video' "$(of .output.video)" null
is 'videos that were ordered' "$(times done 'POST /avatar/videos')" 1
ask GET "/v1/instances/$id/history?limit=1000"
is 'what the workflow has seen of flags' \
  "$(of '[.items[] | select(.type == "flags.seen") | .data.flags] | unique')" \
  '[{"narration":false}]'
finish
