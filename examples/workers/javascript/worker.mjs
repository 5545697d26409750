// A worker in JavaScript, with nothing but Node 18: worker.mjs QUEUE
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const queue = process.argv[2];
const url = (process.env.PAWL_URL ?? 'http://127.0.0.1:7295') + '/v1';
const leaseSeconds = 30;
let stopping = false;
process.on('SIGTERM', () => (stopping = true));
process.on('SIGINT', () => (stopping = true));

// The work itself; it looks at `signal` if it takes long.
async function work(task, signal) {
  return { words: task.input.text.split(/\s+/).filter(Boolean).length };
}

// Status and answer; status 0 when nobody answers.
async function post(path, body) {
  try {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  } catch {
    return { status: 0, body: null };
  }
}

// Until there is an answer: the daemon may be restarting.
async function tell(lease, verb, body) {
  for (;;) {
    const { status } = await post(`/leases/${lease.token}/${verb}`, body);
    if (status !== 0 && status !== 429 && status < 500) return;
    await sleep(1000);
  }
}

async function serve(lease) {
  const stop = new AbortController();
  const beating = setInterval(async () => {
    const { status, body } = await post(`/leases/${lease.token}/heartbeat`, {});
    if (status === 409) stop.abort('lost');
    else if (status === 200 && body.directive !== 'continue')
      stop.abort(body.directive);
  }, (leaseSeconds * 1000) / 3);
  let verb = 'complete';
  let body;
  try {
    body = { output: (await work(lease.task, stop.signal)) ?? null };
  } catch (why) {
    verb = 'fail';
    body = { error: { title: why.name, detail: why.message } };
  }
  clearInterval(beating);
  if (stop.signal.reason === 'lost') return;
  if (stop.signal.aborted) await tell(lease, 'release', {});
  else await tell(lease, verb, body);
}

while (!stopping) {
  const { status, body } = await post(`/queues/${queue}/leases`, {
    worker: { id: `${hostname()}-${process.pid}` },
    wait: 'PT25S',
    lease: `PT${leaseSeconds}S`,
  });
  if (status === 200) await Promise.all(body.leases.map(serve));
  else if (status !== 204) await sleep(1000);
}
