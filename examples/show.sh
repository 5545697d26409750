# What the shows of the examples share; to be sourced by a run.sh that has set
# `here`. Gives a daemon on a free port and an empty directory, stub services,
# and checks. Everything is stopped and removed in the end.
#
# PAWL_BIN_DIR names the folder with pawld and pawl.

bin=${PAWL_BIN_DIR:-$here/../../build/dev/bin}
unset PAWL_BIN_DIR # The daemon takes PAWL_* for its options.
work=$(mktemp -d "${TMPDIR:-/tmp}/pawl-example.XXXXXX")
pawld='' stub='' worker='' checks=0
export PYTHONDONTWRITEBYTECODE=1
unset PAWL_TOKEN

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1;34m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' green='' red='' dim='' plain=''
fi

say() { printf '\n%s==> %s%s\n' "$bold" "$*" "$plain"; }
indent() { sed "s/^/    ${dim}|${plain} /"; }

fail() {
  printf '%srun.sh: %s%s\n' "$red" "$*" "$plain" >&2
  [ ! -s "$work/pawld.log" ] || tail -n 15 "$work/pawld.log" >&2
  exit 1
}

# Ends only what was started here, by its number.
stop() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null || return 0
  kill "$1" 2>/dev/null || true
  while kill -0 "$1" 2>/dev/null; do sleep 0.05; done
}

cleanup() {
  local code=$?
  trap - EXIT INT TERM
  stop "$worker"
  stop "$pawld"
  stop "$stub"
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
    sleep 0.05
  done
}

is_ready() {
  kill -0 "$pawld" 2>/dev/null || fail 'the daemon has ended'
  curl -fs -o "$work/ready" "$PAWL_URL/readyz"
}

start_pawld() {
  "$bin/pawld" --data-dir "$work/data" \
    --listen "${PAWL_URL#http://},unix:$work/pawl.sock" \
    >>"$work/pawld.log" 2>&1 &
  pawld=$!
  disown "$pawld" # The shell would report the kill -9 as a surprise.
  eventually 20 is_ready || fail 'the daemon did not become ready'
}

kill_pawld() {
  echo "${dim}\$ kill -9 $pawld${plain}"
  kill -9 "$pawld"
  while kill -0 "$pawld" 2>/dev/null; do sleep 0.02; done
}

start_services() {
  python3 "$here/stub.py" --port 0 --port-file "$work/stub.port" \
    --log "$work/effects.jsonl" &
  stub=$!
  disown "$stub"
  eventually 10 test -s "$work/stub.port" || fail 'the services did not start'
  services="http://127.0.0.1:$(<"$work/stub.port")"
}

begin() {
  local program
  for program in python3 curl jq; do
    command -v "$program" >"$work/found" || { # 77: to CTest, skipped.
      echo "run.sh: $program is needed" >&2
      exit 77
    }
  done
  for program in pawld pawl; do
    [ -x "$bin/$program" ] || fail "no $program in $bin; set PAWL_BIN_DIR"
  done
  PAWL_URL="http://127.0.0.1:$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  export PAWL_URL
  [ ! -f "$here/stub.py" ] || start_services
  start_pawld
}

# pawl WORDS...: the client, shown before it runs; a token in $token is used.
pawl() {
  echo "${dim}\$ pawl $*${plain}" >&2
  PAWL_TOKEN=${token:-} "$bin/pawl" "$@"
}

# ask METHOD PATH [BODY]: one request. The answer goes to $answer, and its
# status to $status.
ask() {
  status=$(curl -s -o "$work/answer" -w '%{http_code}' -X "$1" \
    ${token:+-H "Authorization: Bearer $token"} \
    ${3:+-H 'Content-Type: application/json' -d "$3"} "$PAWL_URL$2") || status=0
  answer=$(<"$work/answer")
}

# of FILTER: a part of the answer.
of() { jq -rc "$1" <<<"$answer"; }

# is WHAT GOT WANTED: a check that is shown.
is() {
  [ "$2" = "$3" ] || fail "$1: '$2' instead of '$3'; $answer"
  checks=$((checks + 1))
  echo "    ${green}ok${plain} $1: $2"
}

# stands FILTER WANTED: whether the instance $id is so.
stands() {
  ask GET "/v1/instances/$id" && [ "$(of "$1")" = "$2" ]
}

# becomes FILTER WANTED: waits until the instance $id is so.
becomes() {
  eventually 15 stands "$1" "$2" || fail "no '$2' by $1: $answer"
  is "$1" "$2" "$2"
}

# done_times WHAT: how often the services did a piece of work.
done_times() {
  jq -s --arg what "$1" \
    '[.[] | select(.what == $what and .result == "done")] | length' \
    "$work/effects.jsonl"
}

# begun WHAT: whether they have begun it.
begun() { grep -q "\"what\": \"$1\".*\"begun\"" "$work/effects.jsonl"; }

finish() {
  printf '\n%sEverything is as it should be: %s checks.%s\n' "$green" \
    "$checks" "$plain"
}
