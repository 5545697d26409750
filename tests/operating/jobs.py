"""Jobs in queues, and what workers ask and tell of them over HTTP: what the
suites about workers have in common."""

from cases import Suite, next_millisecond

from harness import same

FLOW = "do: [{w: {call: worker, with: {queue: %s, input: '${ . }'%s}%s}}]"


class Jobs(Suite):
    def job(self, queue, given=None, more="", task="", wrap=None, **how):
        """The id of an instance with one job. `more` goes into its call, `task`
        into the task, and `wrap` puts the task into another."""
        flow = FLOW % (queue, more, task)
        if wrap:
            flow = wrap % flow[len("do: "):]
        if flow not in self.workflows:
            self.workflows[flow] = self.define(f"w{len(self.workflows)}", flow)
        next_millisecond()  # That is how they are ordered.
        return self.start(flow, given, **how)

    def poll(self, queue, worker="w1", headers=None, **more):
        labels = more.pop("labels", {})
        return self.daemon.ask(
            "POST", f"/v1/queues/{queue}/leases",
            {"worker": {"id": worker, "labels": labels}, **more}, headers)

    def lease(self, queue, **more):
        """A lease of one job, which must come."""
        status, answer = self.poll(queue, **{"wait": "PT10S", **more})
        same(status, 200, f"poll of {queue}: {answer}")
        same(len(answer["leases"]), 1, "leases")
        return answer["leases"][0]

    def count(self, queue, what):
        """How many of its polls are `asking`, of its jobs `ready` or `leased`.
        Of a queue that nobody has named there are none."""
        status, shown = self.daemon.ask("GET", f"/v1/queues/{queue}")
        return shown[what] if status == 200 else 0

    def tell(self, lease, verb, body=None, headers=None):
        return self.daemon.ask("POST", f"/v1/leases/{lease['token']}/{verb}",
                               body or {}, headers)

    def completes(self, lease, output):
        same(self.tell(lease, "complete", {"output": output})[0], 200,
             "complete")

    def is_lost(self, lease, verb, body=None):
        status, no = self.tell(lease, verb, body)
        same((status, no["code"]), (409, "lease-lost"), f"late {verb}: {no}")

    def nothing(self, queue, **more):
        same(self.poll(queue, **more)[0], 204, f"poll of {queue}")
