#!/bin/sh
# For `pawl worker run`: the job on stdin, the result on stdout.
exec jq -c '{words: (.input.text | [splits(" +") | select(. != "")] | length)}'
