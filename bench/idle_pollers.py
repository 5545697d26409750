#!/usr/bin/env python3
"""What workers cost that wait for jobs: idle_pollers.py PAWLD [COUNT [SECONDS]]

Starts the daemon, lets COUNT (1,000) workers ask with a wait of 25 seconds, and
again whenever they are answered, and prints the daemon's share of a core and its
memory over SECONDS (60)."""

import asyncio
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

PORT = int(os.environ.get("PORT", "7695"))
BODY = '{"worker":{"id":"w%d"},"wait":"PT25S","lease":"PT30S"}'


def used(pid):
    """Seconds of CPU, and resident bytes."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return ((int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"),
            pages * os.sysconf("SC_PAGESIZE"))


async def poller(number, answered):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    body = (BODY % number).encode()
    head = (f"POST /v1/queues/idle/leases HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    while True:
        writer.write(head + body)
        status = await reader.readuntil(b"\r\n\r\n")
        if b" 204 " not in status:
            raise SystemExit(status.decode())
        answered[0] += 1


async def measure(pid, count, seconds):
    answered = [0]
    tasks = []
    for number in range(count):
        tasks.append(asyncio.create_task(poller(number, answered)))
        await asyncio.sleep(25 / count)  # Spread over one wait.
    before, first = used(pid), answered[0]
    begun = time.monotonic()
    await asyncio.sleep(seconds)
    length = time.monotonic() - begun
    after = used(pid)
    print(f"{count} workers that wait: {100 * (after[0] - before[0]) / length:.2f}"
          f" % of a core, {(answered[0] - first) / length:.0f} polls a second, "
          f"{after[1] / 2**20:.0f} MiB resident")
    for one in tasks:
        one.cancel()


def main():
    pawld = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 60
    with tempfile.TemporaryDirectory() as folder:
        daemon = subprocess.Popen(
            [pawld, "--data-dir", folder, "--listen", f"127.0.0.1:{PORT}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PAWL_HTTP_CONNECTIONS_MAX": str(count + 64)})
        try:
            for _ in range(500):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz")
                    break
                except OSError:
                    time.sleep(0.02)
            asyncio.run(measure(daemon.pid, count, seconds))
        finally:
            daemon.terminate()
            daemon.wait()


if __name__ == "__main__":
    main()
