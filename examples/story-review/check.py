#!/usr/bin/env python3
"""Checks what the demonstration left behind, and tells what the services saw."""

import collections
import json
import sys


def lines(path):
    with open(path) as text:
        return [json.loads(line) for line in text if line.strip()]


def main(work):
    faults = []

    def expect(what, got, wanted):
        if got != wanted:
            faults.append(f"{what}: {got!r} instead of {wanted!r}")

    # The services: a key is performed once, however often it was asked.
    asked = collections.OrderedDict()
    for line in lines(f"{work}/effects.jsonl"):
        asked.setdefault(line["key"], []).append(line)
    for key, requests in asked.items():
        results = [r["result"] for r in requests]
        print(f"{requests[0]['service']:<7} {key}: {', '.join(results)}")
        expect(f"work done under {key}", results.count("performed"), 1)
    expect("keys", len(asked), 5)
    if not any(r["result"] == "replayed" for rs in asked.values() for r in rs):
        faults.append("no call was repeated after the kill")

    with open(f"{work}/result.json") as text:
        result = json.load(text)
    for member, wanted in {
            "outcome": "publish", "totalReviews": 3, "totalPolishes": 2,
            "initialQuality": 82, "finalQuality": 96, "qualityImprovement": 14,
            "totalCost": 2.0,
            "finalTitle": "The fox who could not sleep (revision 2)"}.items():
        expect(member, result.get(member), wanted)
    scores = [i["score"] for i in result["iterations"]]
    expect("scores", scores, [82, 90, 96])
    if not result["durationSeconds"] > 5:
        faults.append(f"duration: {result['durationSeconds']}")

    history = lines(f"{work}/history.jsonl")
    expect("sequence", [h["sequence"] for h in history],
           list(range(1, len(history) + 1)))
    types = collections.Counter(h["type"] for h in history)
    for once in ("instance.created", "instance.suspended", "instance.resumed",
                 "instance.completed"):
        expect(once, types[once], 1)
    expect("retries", types["task.retried"], 4)

    for fault in faults:
        print("WRONG:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
