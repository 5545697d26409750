#!/bin/sh
# A worker with curl and jq: worker.sh QUEUE
set -u
queue=$1
url=${PAWL_URL:-http://127.0.0.1:7295}/v1
trap 'stopping=1' TERM INT
stopping=

# The work itself: the job on stdin, the result on stdout.
work() {
  jq -c '{words: (.input.text | [splits(" +") | select(. != "")] | length)}'
}

post() { # PATH BODY: the answer, and its status on a line of its own.
  curl -s --max-time 60 -w '\n%{http_code}' -H 'Content-Type: application/json' \
    -d "$2" "$url/$1"
}

tell() { # VERB BODY: until there is an answer.
  while :; do
    case $(post "leases/$token/$1" "$2" | tail -n 1) in
    000 | 429 | 5*) sleep 1 ;;
    *) return ;;
    esac
  done
}

beat() { # In the background, until it is killed.
  while sleep 10; do
    post "leases/$token/heartbeat" '{}' >/dev/null
  done
}

while [ -z "$stopping" ]; do
  answer=$(post "queues/$queue/leases" \
    "{\"worker\":{\"id\":\"sh-$$\"},\"wait\":\"PT25S\",\"lease\":\"PT30S\"}")
  case ${answer##*
} in
  200) ;;
  204) continue ;;
  *) sleep 1 && continue ;;
  esac
  lease=$(printf '%s\n' "$answer" | sed '$d' | jq -c '.leases[0]')
  token=$(printf '%s' "$lease" | jq -r .token)
  beat &
  beating=$!
  if output=$(printf '%s' "$lease" | jq -c .task | work); then
    tell complete "{\"output\":${output:-null}}"
  else
    tell fail '{"error":{"title":"The worker failed"}}'
  fi
  kill "$beating" 2>/dev/null
  wait "$beating" 2>/dev/null
done
