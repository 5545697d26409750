#!/usr/bin/env bash
# Changes of three tiers of risk, by people with tokens of their own: approved
# by itself, by a peer, by an elder; rejected; rolled back and planned anew;
# cancelled and taken back; with a kill -9 while an elder is asked and another
# in the middle of the rollback. See README.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../show.sh"

# as NAME: from here on with this person's token.
as() { token=$(<"$work/$1.token"); }

# change ABOUT [MORE]: the input of a change.
change() {
  echo '{"request": "'"$id"'", "about": "'"$1"'", "services": "'"$services"'"'"${2:-}"'}'
}

# vote APPROVAL OUTCOME [COMMENT]: over HTTP, to see the refusals too.
vote() {
  echo "${dim}\$ curl -X POST .../v1/approvals/$1 -d '{\"outcome\": \"$2\"}'${plain}"
  ask POST "/v1/approvals/$1" '{"outcome": "'"$2"'"'"${3:+, \"comment\": \"$3\"}"'}'
}

# asked: the approval that the instance waits for.
asked() { of '.current[0].waitingFor.id'; }

begin
say 'Five people. Root on the unix socket needs no token, all others do'
for who in 'dev operator approver:peer' 'ann operator approver:peer' \
  'bob approver:peer' 'eve approver:elder' 'chief admin'; do
  read -r name role more <<<"$who"
  pawl --url "unix:$work/pawl.sock" token create "$name" --role "$role" \
    ${more:+--role "$more"} >"$work/$name.token"
done
as chief
pawl def apply "$here/governed-change.yaml" | indent

say 'Tier 1: nobody is asked, and the journal says so'
as dev
id=label-1
pawl run examples/governed-change --id $id --wait 10 -i "$(change label)" | indent
becomes .state COMPLETE
is 'tier, by' "$(of '[.output.tier, .output.review.by]')" '[1,"autoApprove"]'
ask GET "/v1/instances/$id/history?limit=1000"
is 'in the journal' "$(of '.items[] | select(.type == "approval.voted") | .data.automatic')" true

say 'Tier 1, but asked for: a peer says no, and must say why'
id=label-2
pawl run examples/governed-change --id $id -o name \
  -i "$(change label ', "autoApproveTier1": false')"
becomes .status waiting
approval=$(asked)
as bob
vote "$approval" rejected
is 'without a reason' "$status" 422
vote "$approval" rejected 'the old one was better'
is 'with a reason' "$status" 200
as dev
becomes .status faulted
is 'state, error' "$(of '[.state, .error.title, .error.detail]')" \
  '["REJECTED","The plan was rejected in the review","bob: the old one was better"]'
is 'the grove remembers' "$(done_times 'POST /memories')" 2

say 'Tier 2: a peer, but not who asked for it, and not an elder; over a pause'
id=cache-1
pawl run examples/governed-change --id $id -o name -i "$(change cache)"
becomes .status waiting
approval=$(asked)
is 'state' "$(of .state)" REVIEW
vote "$approval" approved
is 'dev, who started it' "$status" 403
as eve
vote "$approval" approved
is 'eve, who is no peer' "$status" 403
as ann
pawl pause $id --reason 'freeze until noon' | indent
vote "$approval" approved
is 'ann' "$status" 200
is 'in the pause' "$(of '[.status, .state]')" '["suspended","REVIEW"]'
pawl resume $id | indent
becomes .status suspended
is 'the grove fails' "$(of '[.state, .current[0].name]')" '["FAILED","remember"]'
pawl resume $id --reason 'the grove is awake' | indent
becomes .state COMPLETE
is 'tier, by' "$(of '[.output.tier, .output.review.by]')" '[2,"ann"]'

say 'Tier 3: an elder. The daemon is killed while she thinks'
as dev
id=schema-1
pawl run examples/governed-change --id $id -o name -i "$(change schema)"
becomes .status waiting
approval=$(asked)
kill_pawld
start_pawld
as bob
vote "$approval" approved
is 'bob, who is a peer' "$status" 403
as eve
pawl approvals ls | indent
pawl approve $id -m 'mind the backup' -o name

say 'The third step fails, twice. Two are done: somebody must decide'
as ann
becomes .status suspended
is 'state, done' "$(of '[.state, (.current[0].name)]')" '["EXECUTE","apply"]'
pawl explain $id | indent
pawl rollback $id --to /do/1/plan --dry-run | cut -c1-110 | indent
is 'that did nothing' "$(done_times 'DELETE /changes/schema-1.deploy')" 0

say 'Rolled back to the plan. kill -9 in the middle of it'
pawl rollback $id --to /do/1/plan --reason 'plan without the migration' | indent
eventually 15 begun 'DELETE /changes/schema-1.deploy' || fail 'nothing is taken back'
kill_pawld
start_pawld
becomes .status waiting
for step in deploy backup; do
  is "$step was taken back" "$(done_times "DELETE /changes/schema-1.$step")" 1
done
is 'the last first' "$(jq -rs 'map(select(.result == "done" and (.what |
  startswith("DELETE"))) | .what | split(".")[1]) | join(" ")' \
  "$work/effects.jsonl")" 'deploy backup'

say 'The new plan is tier 2, so a peer decides'
is 'state' "$(of .state)" REVIEW
as bob
pawl approve $id -m 'better' -o name
as dev
becomes .state COMPLETE
is 'what was done' "$(of '[.output.tier, .output.review.by, (.output.done | map(.step))]')" \
  '[2,"bob",["backup","deploy","copy-over"]]'

say 'A cancel takes back what was done'
id=index-1
pawl run examples/governed-change --id $id -o name -i "$(change index)"
becomes .status waiting
as ann
pawl approve $id -o name
becomes .status suspended
is 'backup was made' "$(done_times "POST /changes/$id.backup")" 1
pawl cancel $id --reason 'not this week' | indent
becomes .status cancelled
is 'backup was taken back' "$(done_times 'DELETE /changes/index-1.backup')" 1

say 'Who did what: a chain that nobody can change unseen'
as chief
pawl audit verify | indent
pawl audit ls --all -o jsonl >"$work/audit"
jq -r '[.action, .who, .target] | join(" ")' "$work/audit" | indent
is 'votes in it' "$(grep -c '"action":"vote"' "$work/audit")" 5
finish
