#!/usr/bin/env bash
# Sends release trains on their way: one through a kill -9 and a failure, one
# that leaves a repository behind, one that is cancelled, one that is rejected,
# and one that is forgotten. See README.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../show.sh"
. "$here/../resources.sh"
export PAWL_RETENTION_PURGE_EVERY=1s

# The catalog of this checkout in place of an installed one, and the secrets.
catalog=$(cd "$here/../../catalog" && pwd)
sed "s|/usr/share/pawl/catalog|$catalog|" "$here/release-train.yaml" >"$work/train.yaml"
mkdir "$work/secrets"
printf 'a-token-of-github' >"$work/secrets/github"
printf '{"username": "ann@example.com", "password": "an-api-token"}' >"$work/secrets/atlassian"
export PAWL_RESOURCES_FILE_ROOTS=$catalog PAWL_SECRETS_DIRECTORY=$work/secrets

# train ID REPOSITORIES
train() {
  id=$1
  pawl run examples/release-train --id "$id" -o name -i '{"owner": "acme", "repositories": '"$2"',
  "fixVersion": "v2.'"${id#t}"'.0", "sprintName": "sprint-2024-01", "releaseType": "release",
  "services": "'"$services"'"}'
}
decide() { pawl "$1" "$id" --by ann --group release-managers -m "$2" | indent; }

# follow FILE LAST: the events of the train behind that one, as they come.
follow() {
  echo "${dim}\$ curl -N -H 'Last-Event-ID: $2' .../v1/instances/$id/events${plain}"
  curl -sN --max-time 60 "$PAWL_URL/v1/instances/$id/events" \
    -H "Last-Event-ID: $2" >"$1" &
  disown $!
}
ids() { sed -n 's/^id: *//p' "$@"; }

begin
say 'Four repositories side by side; kill -9 while all are at work'
pawl def apply "$work/train.yaml" | indent
control '{"slow": {"POST /git": 1.5},
  "fail": {"POST /git/repos/acme/payments/pulls": [502], "POST /jira": [429]}}'
train t1 '["frontend", "backend", "payments", "search"]'
follow "$work/sse.1" 0
eventually 10 happened 'POST /git' 4 || fail 'no branches were made'
kill_pawld
control '{"slow": {"POST /git": 0, "POST /git/repos/acme/payments/merges": 1}}'
start_pawld
follow "$work/sse.2" "$(ids "$work/sse.1" | tail -n 1)"

say 'Of one pull request nobody can tell whether it was opened: the train stands'
becomes .status suspended
pawl explain "$id" | indent
is 'requests for the tickets' "$(results 'POST /jira/rest/api/3/search/jql')" '["429","done"]'
is 'branches asked for at the kill, asked for once more and found' "$(times 422 'POST /git')" 4
is 'branches, merges, pull requests' "$(times done 'POST /git')" 11
is 'what failed' "$(of '.current | map([.iteration, .attempt, .status])')" '[[3,1,"faulted"]]'

say 'The code host is back: resume. Only what failed is done again'
pawl resume "$id" --reason 'the code host is back' | indent
becomes .state approving
is 'branches, merges, pull requests' "$(times done 'POST /git')" 12
decide approve 'all four are green'
becomes .status completed
pawl result "$id" | jq -c . | indent
becomes .state released
eventually 10 grep -q instance.completed "$work/sse.2" || fail 'the stream did not end'
"$bin/pawl" history "$id" -o jsonl | jq .sequence >"$work/sequences"
ids "$work/sse.1" "$work/sse.2" >"$work/ids"
cmp "$work/ids" "$work/sequences" || fail 'the stream has gaps'
is 'the last event of the stream, which has each once' \
  "$(tail -n 1 "$work/ids")" "$(wc -l <"$work/ids")"

say 'A repository that cannot be released is left behind'
control '{"fail": {"POST /git/repos/acme/legacy/merges": [409]}}'
train t2 '["frontend", "legacy"]'
becomes .status suspended
pawl skip "$id" --output '{"skipped": true}' --reason 'legacy has conflicts' | indent
pawl resume "$id" | indent
becomes .state approving
decide approve 'without legacy then'
becomes .status completed
is 'skipped, released' "$(of '[.output.skipped, (.output.released | map(.repository))]')" \
  '[["legacy"],["frontend"]]'

say 'After a failure somebody cancels: what was made is removed, the last first'
control '{"slow": {"POST /git/repos/acme/backend/git/refs": 1},
  "fail": {"POST /git/repos/acme/backend/pulls": [422]}}'
train t3 '["frontend", "backend"]'
becomes .status suspended
pawl cancel "$id" --reason 'next sprint' | indent
becomes .status cancelled
is 'closed' "$(all_done PATCH)" /git/repos/acme/frontend/pulls/3
is 'removed' "$(all_done DELETE)" "/git/repos/acme/backend/git/refs/heads/release/v2.3.0\
 /git/repos/acme/frontend/git/refs/heads/release/v2.3.0"

say 'A release that is rejected fails, and is removed too'
train t4 '["docs"]'
becomes .state approving
decide reject 'not on a Friday'
becomes .status faulted
is 'error' "$(of .error.detail)" 'ann: not on a Friday'
is 'closed' "$(all_done 'PATCH /git/repos/acme/docs')" /git/repos/acme/docs/pulls/1
is 'removed' "$(all_done 'DELETE /git/repos/acme/docs')" \
  /git/repos/acme/docs/git/refs/heads/release/v2.4.0

say 'Retention: a version whose trains are forgotten a second after they ended'
pawl retention | indent
sed "s/version: '1.0.0'/version: '1.0.1'/; s/completed: P30D/completed: PT1S/" \
  "$work/train.yaml" >"$work/short.yaml"
"$bin/pawl" def apply "$work/short.yaml" -o name | indent
train t5 '["frontend"]'
becomes .state approving
decide approve 'go'
is_gone() { ask GET "/v1/instances/$id" && [ "$status" = 410 ]; }
eventually 15 is_gone || fail 't5 is still there'
is 'what became of t5' "$(of .code)" purged
is 'what is kept' "$("$bin/pawl" ls -o name | sort | xargs)" 't1 t2 t3 t4'
finish
