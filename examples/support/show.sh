# What the run.sh of the examples share; sourced by them, with `here` set.
#
# PAWL_BIN_DIR names the folder with pawld and pawl.
set -euo pipefail
bin=${PAWL_BIN_DIR:-$here/../../build/dev/bin}
work=$(mktemp -d "${TMPDIR:-/tmp}/pawl-example.XXXXXX")
pawld='' services_pid='' follower=''

say() { printf '\n==> %s\n' "$*"; }
indent() { sed -u 's/^/    | /'; }

fail() {
  printf 'WRONG: %s\n' "$*" >&2
  if [ -s "$work/pawld.log" ]; then
    echo "The last lines of the daemon:" >&2
    tail -n 15 "$work/pawld.log" >&2
  fi
  exit 1
}

# Ends only what was started here, by its number.
stop() {
  local pid=$1
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 0
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

cleanup() {
  local code=$?
  trap - EXIT INT TERM
  stop "$follower"
  stop "$pawld"
  stop "$services_pid"
  rm -rf "$work"
  exit $code
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# eventually SECONDS COMMAND...: repeats the command until it succeeds.
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.1
  done
}

pawl() { "$bin/pawl" "$@"; }

# show COMMAND...: prints the command and what it says; its code is returned.
show() {
  local code=0
  echo "$ $*"
  "$@" >"$work/said" 2>&1 || code=$?
  indent <"$work/said"
  return $code
}

# same WHAT GOT WANTED
same() {
  [ "$2" = "$3" ] || fail "$1: '$2' instead of '$3'"
  echo "ok: $1: $2"
}

# field EXPRESSION: of the JSON on stdin, which is `it` in a Python expression.
field() { python3 -c 'import json, sys; it = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# post PATH BODY: prints the answer; $work/status has its status.
post() {
  curl -sS -X POST -H 'Content-Type: application/json' -d "$2" \
    -w '%{stderr}%{http_code}' "$PAWL_URL$1" 2>"$work/status"
}

of() { pawl status "$1" -o json | field "$2"; }
is() { [ "$(of "$1" 'it["status"]')" = "$2" ]; }
becomes() { eventually "${3:-15}" is "$1" "$2" || fail "$1 is $(of "$1" 'it["status"]'), not $2"; }

# logged PROGRAM WORD: the result of a Python expression over `calls`, texts such
# as "performed POST /a/b" in their order, and `word`.
logged() {
  python3 - "$work/calls.jsonl" "$@" <<'PYTHON'
import json, sys
calls = ["{result} {call}".format(**json.loads(line)) for line in open(sys.argv[1])]
word = sys.argv[3]
print(eval(sys.argv[2]))
PYTHON
}

# count BEGINNING: how many of the services' log lines begin so.
count() { logged 'sum(c.startswith(word) for c in calls)' "$1"; }
has() { [ "$(count "$1")" -ge "$2" ]; }

# calls METHOD: the paths of what was performed with that method.
calls() { logged '" ".join(c.split()[2] for c in calls if c.startswith("performed " + word))' "$1"; }

control() { curl -sS -o /dev/null -d "$1" "$services/control"; }

start_services() {
  : >"$work/calls.jsonl"
  python3 "$here/../support/services.py" --plan "$here/services.json" --port 0 \
    --port-file "$work/services.port" --log "$work/calls.jsonl" &
  services_pid=$!
  disown "$services_pid"
  eventually 10 test -s "$work/services.port" || fail "the services did not start"
  services="http://127.0.0.1:$(<"$work/services.port")"
}

is_ready() {
  kill -0 "$pawld" 2>/dev/null || fail "the daemon has ended"
  curl -sf -o /dev/null "$PAWL_URL/readyz"
}

# start_pawld [OPTION...]: on the same data and port each time.
start_pawld() {
  if [ -z "${PAWL_URL_OWN:-}" ]; then
    PAWL_URL_OWN=http://127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export PAWL_URL=$PAWL_URL_OWN
  fi
  "$bin/pawld" --data-dir "$work/data" --listen "${PAWL_URL#http://}" "$@" \
    >>"$work/pawld.log" 2>&1 &
  pawld=$!
  # The shell would report a kill -9 as if it were a surprise.
  disown "$pawld"
  eventually 20 is_ready || fail "the daemon did not become ready"
}

kill_pawld() {
  echo "$ kill -9 (the daemon)"
  kill -9 "$pawld"
  eventually 5 bash -c "! kill -0 $pawld 2>/dev/null" || fail "it would not die"
}

for program in pawld pawl; do
  [ -x "$bin/$program" ] || fail "no $program in $bin; set PAWL_BIN_DIR"
done
for program in python3 curl; do
  command -v "$program" >/dev/null || fail "$program is needed"
done
