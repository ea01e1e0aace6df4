import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { measurePing, PATIENCE_MS } from '../../lib/measure/ping.js';
import { type PingEvent, PingStream, pingArgv } from '../../lib/measure/ping-stream.js';

for (const address of ['127.0.0.1', '::1']) {
  const trial = spawnSync('ping', ['-n', '-D', '-O', '-c', '1', address]);
  const skip =
    trial.status === 0 ? false : `ping ${address} does not work here: ${trial.error?.message ?? trial.stderr}`;
  t.test(`the machine’s ping, ${address}`, { skip }, async (t) => {
    const intervalMs = 10;
    const [command = '', ...argv] = pingArgv({ address, intervalMs });
    const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => child.kill('SIGKILL'));
    const stream = new PingStream();
    const events: PingEvent[] = [];
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => events.push(...stream.push(chunk)));
    await once(child.stdout, 'data');
    const startMs = Date.now();
    await sleep(300);
    const endMs = Date.now();
    await sleep(PATIENCE_MS + 100);
    child.kill('SIGINT');
    await once(child, 'close');
    events.push(...stream.end());
    const { figures, doubts } = measurePing(events, { from: 'here', to: 'here', address, intervalMs, startMs, endMs });
    t.same(doubts, []);
    t.ok(figures.sent > 0, `${figures.sent} sent`);
    t.match(figures, { lost: 0, received: figures.sent, duplicates: 0 });
    const last = events.at(-1);
    const received = events.filter((event) => event.kind === 'reply' && !event.duplicate).length;
    t.match(last, { kind: 'statistics', received }, 'ping counted the replies that were read');
  });
}
