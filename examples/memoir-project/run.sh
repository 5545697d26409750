#!/usr/bin/env bash
# Walks a memoir project from its draft to its submission, through four failed
# operations, two orders that are refused, a kill -9 while sections are written
# and another between two approvals. See README.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../show.sh"

# order ROUTE BODY STATUS [STATE]: a command of the project, and what it answers.
order() {
  echo "${dim}\$ curl -X POST .../v1/instances/$id/$1 -d '$2'${plain}"
  ask POST "/v1/instances/$id/$1" "$2"
  is "status of $1" "$status" "$3"
  [ $# -lt 4 ] || becomes .state "$4"
}

begin
say 'A project: it is a draft until its RC is there'
id=memoir-1
pawl run "$here/memoir-project.yaml" --id $id --label company=acme -o name -i '{
  "projectId": "p7", "companyId": "acme", "services": "'"$services"'",
  "reviewers": ["ann", "bob"]}'
becomes .state draft
order analyze-rc '{}' 409
is 'why' "$(of '[.code, .from, .to, .allowed]')" \
  '["invalid-transition","draft","rc_analyzing",["rc_uploaded"]]'
order upload-rc '{"file": 7}' 422
order upload-rc '{"file": "https://files.example.com/rc.pdf"}' 200 rc_uploaded

say 'The analysis fails; the error says what failed, and retry does it again'
order analyze-rc '{}' 200 failed
is 'what failed' "$(of '[.status, .error.status, .current[0].name]')" \
  '["faulted",502,"analyzeRc"]'
order analyze-rc '{}' 409
ask POST "/v1/instances/$id/retry" '{}'
becomes .state rc_analyzed
order customize-matches '{}' 409
is 'from, to' "$(of '[.from, .to]')" '["rc_analyzed","customizing"]'

say 'Matching fails half way: a retry clears its matches, then matches'
order match-content '{}' 200 failed
is 'what failed' "$(of .current[0].name)" findMatches
pawl retry $id --reason 'the index is open again' | indent
becomes .state matched
is 'cleared' "$(done_times 'DELETE /matches/p7')" 1

say 'The user customizes the matches, then approves: generation begins at once'
order customize-matches '{}' 200 customizing
order save-matches '{"needsGeneration": ["childhood", "travels", "work"]}' 200 matched
order approve-matches '{}' 200
is 'state' "$(of .state)" generating

say 'kill -9 while sections are written'
eventually 15 begun 'POST /sections' || fail 'nothing is generated'
kill_pawld
start_pawld
becomes .state failed
is 'what failed' "$(of '[.current[0].name, (.context.sections | keys)]')" \
  '["generateSection",["childhood","work"]]'

say 'One section failed: a retry writes that one'
pawl retry $id | indent
becomes .state generated
is 'sections that were written' "$(done_times 'POST /sections')" 3

say 'A section is written again. The state stays, the version counts up'
order regenerate-section '{"sectionId": "youth"}' 409
before=$(pawl ls --state generated -o name)
is 'in the list by state' "$before" $id
order regenerate-section '{"sectionId": "travels", "instructions": "by train"}' 200
becomes .context.sections.travels.version 2
is 'the versions' "$(of '.context.sections.travels | [.content, .earlier[0].content]')" \
  '["On travels, by train","On travels"]'
becomes .state generated
order regenerate-section '{"sectionId": "travels", "instructions": "in verse"}' 200
becomes .status waiting
is 'the version, when it fails' "$(of '[.state, .context.sections.travels.version]')" \
  '["generated",2]'
ask GET "/v1/instances/$id/history?limit=1000"
is 'moves of the state since then' "$(of '[.items[].type]
  | .[(length - (reverse | index("event.received"))):]
  | map(select(. == "state.changed")) | length')" 0

say 'The sections are reviewed by ann, then by bob. ann is not content'
order review-sections '{}' 200 reviewing
pawl approvals ls | indent
pawl reject $id --by ann -m 'too short' -o name
becomes .state generated
order review-sections '{}' 200 reviewing
order regenerate-section '{"sectionId": "work", "instructions": "longer"}' 200
becomes .context.sections.work.version 2
is 'asked anew, state' "$(of '[(.current | map(.waitingFor.kind) | sort), .state]')" \
  '[["approval","event"],"reviewing"]'
pawl approve $id --by ann -m 'fine now' -o name

say 'kill -9 between the two votes'
kill_pawld
start_pawld
becomes '[.current[].waitingFor.votes[]?.by]' '["ann"]'
pawl approve $id --by bob -o name

say 'The document fails; it is built again from the sections'
becomes .state failed
is 'what failed' "$(of .current[0].name)" buildDocument
pawl retry $id | indent
becomes .state document_ready
order build-document '{"format": "pdf"}' 200
is 'state' "$(of .state)" building_document
becomes .state document_ready
is 'the document' "$(of .context.document.url)" https://files.example.com/p7.pdf

say 'No section is open to orders any more; an operator redoes one beside the flow'
order regenerate-section '{"sectionId": "work"}' 409
pawl redo $id --task /do/11/generateSections --iteration 2 --reason 'the text is cut off' | indent
becomes .context.sections.work.version 3
is 'the state, and what is awaited' "$(of '[.state, (.current | length)]')" '["document_ready",2]'
is 'what the first version said' "$(of .context.sections.work.earlier[0].content)" 'On work'
pawl tasks $id --task /do/11/generateSections/do/0/generateSection --iteration 2 | cut -c1-110 | indent

say 'Completed by the user, submitted with what the client must know'
order submit '{"submittedTo": "client", "submissionDate": "2030-01-31T08:00:00Z",
  "submissionMethod": "email"}' 409
order complete-project '{}' 200 completed
order submit '{"submittedTo": "client", "submissionDate": "2030-01-31T08:00:00Z",
  "submissionMethod": "pigeon"}' 422
is 'why' "$(of .code)" invalid-input
order submit '{"submittedTo": "client", "submissionDate": "2030-01-31T08:00:00Z",
  "submissionMethod": "email"}' 200 submitted
is 'status' "$(of .status)" completed
pawl result $id | indent

say 'The fast track: matching begins by itself, one section, no review'
first=$id id=memoir-2
pawl run examples/memoir-project --id $id -o name -i '{
  "projectId": "p8", "companyId": "acme", "services": "'"$services"'",
  "autoMatch": true}'
order upload-rc '{"file": "https://files.example.com/rc.pdf"}' 200 rc_uploaded
order analyze-rc '{}' 200 matched
order approve-matches '{"hold": true}' 200 match_approved
order generate '{"sectionsToGenerate": ["work"]}' 200 generated
is 'sections' "$(of '.context.sections | keys')" '["work"]'
order build-document '{}' 200 document_ready
id=$first

say 'All states that it went through: the journal, and the stream for browsers'
pawl history $id -o jsonl | jq -r 'select(.type == "state.changed") | .data.to' \
  >"$work/states"
paste -sd ' ' "$work/states" | fold -sw 72 | indent
is 'states, of 16' "$(sort -u "$work/states" | wc -l)" 16
curl -sN --max-time 10 "$PAWL_URL/v1/instances/$id/events?after=0" >"$work/stream" || true
is 'moves that the stream tells' "$(grep -c '^event: state.changed' "$work/stream")" \
  "$(wc -l <"$work/states")"
finish
