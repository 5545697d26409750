#!/usr/bin/env python3
"""A worker in Python, with nothing but its library: worker.py QUEUE"""

import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

URL = os.environ.get("PAWL_URL", "http://127.0.0.1:7295") + "/v1"
LEASE = 30  # Seconds.
stopping = threading.Event()


def work(task, stopped):
    """The work itself; it looks at `stopped` if it takes long."""
    return {"words": len(task["input"]["text"].split())}


def post(path, body):
    """Status and answer; None when nobody answers."""
    request = urllib.request.Request(
        URL + path, json.dumps(body).encode(),
        {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as why:
        return why.code, None
    except OSError:
        return None, None


def tell(lease, verb, body):
    """Until there is an answer: the daemon may be restarting."""
    while True:
        status, answer = post(f"/leases/{lease['token']}/{verb}", body)
        if status is not None and status < 500 and status != 429:
            return status, answer
        time.sleep(1)


def beat(lease, done, stopped):
    while not done.wait(LEASE / 3):
        status, answer = post(f"/leases/{lease['token']}/heartbeat", {})
        if status == 409:
            stopped.append("lost")
        elif status == 200 and answer["directive"] != "continue":
            stopped.append(answer["directive"])


def serve(lease):
    done, stopped = threading.Event(), []
    threading.Thread(target=beat, args=(lease, done, stopped),
                     daemon=True).start()
    try:
        verb, body = "complete", {"output": work(lease["task"], stopped)}
    except Exception as why:
        verb, body = "fail", {"error": {"title": type(why).__name__,
                                        "detail": str(why)}}
    done.set()
    if "lost" not in stopped:
        tell(lease, "release" if stopped else verb, {} if stopped else body)


def main(queue):
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stopping.set())
    name = f"{os.uname().nodename}-{os.getpid()}"
    while not stopping.is_set():
        status, answer = post(f"/queues/{queue}/leases", {
            "worker": {"id": name}, "wait": "PT25S", "lease": f"PT{LEASE}S"})
        if status == 200:
            for lease in answer["leases"]:
                serve(lease)
        elif status != 204:
            stopping.wait(1)


if __name__ == "__main__":
    main(sys.argv[1])
