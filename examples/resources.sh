# What the shows with the services of resources.py ask them; to be sourced after
# show.sh.

# control JSON: what is to go wrong from now on.
control() { curl -fsS -o "$work/control" -d "$1" "$services/control"; }

# results CALL: what became of all requests for it, in their order.
results() {
  jq -sc --arg what "$1" '[.[] | select(.what == $what) | .result]' \
    "$work/effects.jsonl"
}

# happened CALL [TIMES]: whether calls that begin so were done so often.
happened() { [ "$(times done "$1")" -ge "${2:-1}" ]; }

# times RESULT CALL: how often calls that begin so had that result.
times() {
  jq -s --arg result "$1" --arg what "$2" '[.[] | select(.result == $result
    and (.what | startswith($what)))] | length' "$work/effects.jsonl"
}

# all_done CALL: the paths of all calls that begin so and were done.
all_done() {
  jq -sr --arg what "$1" '[.[] | select(.result == "done" and (.what |
    startswith($what))) | .what | split(" ")[1]] | join(" ")' "$work/effects.jsonl"
}
