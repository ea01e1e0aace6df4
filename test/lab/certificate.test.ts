import type { Test } from 'tap';
import { bridgeName, tapName, tunnelPortName } from '../../lib/model/names.js';
import type { RunRecord } from '../../lib/model/run-record.js';
import { isMigrated, isVerified } from './documents.js';
import { type Document, onLab, type TestLab } from './harness.js';

const MAC = '52:54:00:09:00:01';
const NOT_CONVERGED = 4;
const HOSTS = ['host-a', 'host-b', 'host-c'];

await onLab('two-subnets', async (t, lab) => {
  const bridge = bridgeName(lab.name, 'blue');
  const ofctl = (host: string, ...args: string[]) => lab.on(host, 'ovs-ofctl', '-O', 'OpenFlow15', ...args);
  const entries = (host: string) => ofctl(host, '--names', 'dump-flows', bridge, `table=fdb,dl_dst=${MAC}`);
  const ofport = async (host: string, port: string) =>
    (await lab.on(host, 'ovs-vsctl', 'get', 'interface', port, 'ofport')).trim();
  await lab.apply();

  await t.test('a migration proves for each host that it sends to the new place', async (t) => {
    const document = await lab.migrate('web', 'host-b');
    isMigrated(t, document, { vm: 'web', from: 'host-a', to: 'host-b' });
    const { certificate } = document;
    t.match(certificate, { repaired: false, repairs: [], verdict: { ok: true, text: /every host sends to it/ } });
    t.same(
      certificate.hosts.map(({ host }: Document) => host),
      HOSTS,
    );
    for (const host of certificate.hosts) isComplete(t, host, 'host-b');
    const ports = certificate.hosts.map(({ traces }: Document) => traces.flatMap((trace: Document) => trace.ports));
    const tap = tapName(lab.name, 'web', 0);
    t.same(ports[1], [tap, tap, tap], 'at the new host: to the VM, from its own ports and out of both tunnels');
    t.same(
      [ports[0], ports[2]],
      [[tunnelPortName(lab.name, 'blue', 'host-b')], [tunnelPortName(lab.name, 'blue', 'host-b')]],
    );
    // In a lab all hosts have one clock: what was measured as an offset must be within what was told as its error.
    for (const { host, offsetMs, errorMs } of certificate.clocks) {
      t.ok(errorMs > 0 && Math.abs(offsetMs) <= errorMs + 0.5, `the clock of ${host}: ${offsetMs} ±${errorMs}`);
    }
    await countsAgree(t, lab, document);
  });

  await t.test('a wrong entry over the learned one is removed, and the host learns', async (t) => {
    const toA = Number(await ofport('host-c', tunnelPortName(lab.name, 'blue', 'host-b')));
    const pin = `table=fdb,priority=9,dl_dst=${MAC},actions=load:${toA}->NXM_NX_REG1[0..15],load:1->NXM_NX_REG0[1]`;
    await ofctl('host-c', '--names', 'add-flow', bridge, pin);
    const document = await lab.migrate('web', 'host-a');
    t.match(document, { ok: true, outcome: 'migrated', certificate: { repaired: true, verdict: { ok: true } } });
    const { repairs, hosts } = document.certificate;
    t.same([...new Set(repairs.map(({ host }: Document) => host))], ['host-c'], 'nobody else was touched');
    t.match(repairs[0], { found: /at host-b/, done: /removed .*priority=9.*announced/ });
    for (const host of hosts) isComplete(t, host, 'host-a');
    t.ok(hosts[2].fdbMovedAfterResumeMs >= 900, 'and the time of the repair counts, not that of the hidden entry');
    t.notMatch(await entries('host-c'), 'priority=9');
    t.match(
      await entries('host-c'),
      /hard_timeout=300.*cookie|cookie.*hard_timeout=300/,
      'what is there now was learned',
    );
    isVerified(t, await lab.succeed('verify', lab.file));
  });

  await t.test('a host that hears nothing of the VM for a while is repaired when it hears again', async (t) => {
    const deaf = `table=admit,priority=900,dl_src=${MAC}`;
    const { exitCode, document } = await migrateAlong(lab, 'host-b', [
      { when: 'web: reserve', act: () => ofctl('host-c', '--names', 'add-flow', bridge, `${deaf},actions=drop`) },
      {
        when: 'host-c is made to learn',
        act: () => ofctl('host-c', '--names', 'del-flows', bridge, `table=admit,dl_src=${MAC}`),
      },
    ]);
    t.equal(exitCode, 0);
    t.match(document, { ok: true, certificate: { repaired: true } });
    const { hosts, timeline, frames, repairs } = document.certificate;
    t.same([...new Set(repairs.map(({ host }: Document) => host))], ['host-c']);
    isComplete(t, hosts[2], 'host-b');
    const converging = timeline.find(({ kind, host }: Document) => kind === 'converging' && host === 'host-c');
    t.ok(converging.toMs > 900, 'on the timeline it is the last one');
    const lost = frames.filter(
      ({ kind, causes }: Document) => kind === 'lost' && names(causes).includes('converging host-c'),
    );
    t.ok(count(lost) >= 50, `what was lost meanwhile is laid to it: ${JSON.stringify(lost)}`);
    await countsAgree(t, lab, document);
  });

  await t.test('a host that cannot be repaired is named, and the exit status is 4', async (t) => {
    const drop = `table=redirect,priority=900,dl_dst=${MAC}`;
    const { exitCode, document } = await migrateAlong(lab, 'host-a', [
      { when: 'web: reserve', act: () => ofctl('host-c', '--names', 'add-flow', bridge, `${drop},actions=drop`) },
    ]);
    t.equal(exitCode, NOT_CONVERGED);
    t.match(document, {
      ok: false,
      outcome: 'migrated',
      error: { code: 'NOT_CONVERGED', message: /host-c \(blue\): .*dropped by the flow 30\. .*priority 900/ },
      certificate: { repaired: true, verdict: { ok: false } },
    });
    t.notMatch(document.error.message, /host-[ab] \(blue\)/, 'and it alone');
    const [a, b, c] = document.certificate.hosts;
    for (const host of [a, b]) isComplete(t, host, 'host-a');
    t.match(c.traces, [{ ok: false, leavesTowards: [], problem: /dropped/, text: /Datapath actions: drop/ }]);
    await ofctl('host-c', '--names', 'del-flows', bridge, `table=redirect,dl_dst=${MAC}`);
    isVerified(t, await lab.succeed('verify', lab.file));
  });
});

await onLab('hub', async (t, lab) => {
  await lab.apply();
  await t.test('a VM that moves on at once: what its last host took for it as late goes on too', async (t) => {
    // Within the minute for which a new host takes late frames: from the hub on, spokes' frames come by the same tunnel
    // as those.
    for (const to of ['host-c', 'host-a', 'host-b']) {
      const { certificate } = await lab.migrate('web', to);
      t.match(certificate, { repaired: false, verdict: { ok: true } });
      const hub = certificate.hosts.find(({ host }: Document) => host === 'host-a');
      t.ok(hub.traces.length >= 2, 'from its own port and out of the tunnels');
      for (const trace of hub.traces) t.match(trace, { ok: true, leavesTowards: [to] });
    }
  });
});

/** All that a certificate can say of a host is there, and says that all is well. */
function isComplete(t: Test, host: Document, place: string): void {
  t.match(host, { network: 'blue', mac: MAC, expected: place, monitorComplete: true, monitorGap: null });
  t.ok(host.fdbMovedAfterResumeMs >= 0 && host.fdbMovedErrorMs > 0, `${host.host}: ${host.fdbMovedAfterResumeMs} ms`);
  t.ok(host.moves <= 1, 'it went there once');
  t.ok(host.traces.length > 0);
  for (const trace of host.traces) {
    t.match(trace, { ok: true, leavesTowards: [place], problem: '', text: /^Flow: .*\nDatapath actions: [^\n]+$/s });
  }
}

/** The certificate's frames are those that the pings have lost, and the late ones by its own definition. */
async function countsAgree(t: Test, lab: TestLab, document: Document): Promise<void> {
  const { frames } = document.certificate;
  const { run } = (await lab.succeed('report', 'latest')) as { run: RunRecord };
  for (const ping of document.ping) {
    const own = frames.filter((frame: Document) => frame.from === ping.from && frame.address === ping.address);
    const requests = run.probes.find((probe) => probe.address === ping.address)?.requests ?? [];
    const waits = requests.flatMap(({ rttMs }) => rttMs ?? []).sort((a, b) => a - b);
    const median = waits[Math.floor(waits.length / 2)] ?? 0;
    // Medians of an even number differ by how the middle is taken; no reply lies between.
    const late = waits.filter((wait) => wait > Math.max(20, 3 * median)).length;
    t.equal(count(own.filter(({ kind }: Document) => kind === 'lost')), ping.lost, `lost to ${ping.address}`);
    t.equal(count(own.filter(({ kind }: Document) => kind === 'late')), late, `late to ${ping.address}`);
    for (const frame of own) {
      t.match(frame, { confidence: /^(sure|undecided|unknown)$/, errorMs: Number });
      if (frame.confidence === 'sure') t.equal(frame.causes.length, 1);
      if (frame.confidence === 'unknown') t.equal(frame.causes.length, 0);
    }
  }
}

function count(frames: readonly Document[]): number {
  return frames.reduce((sum: number, frame: Document) => sum + frame.count, 0);
}

function names(causes: readonly Document[]): string[] {
  return causes.map(({ kind, host }: Document) => `${kind} ${host}`);
}

/** A migration during which something is done each time when a text appears on stderr. */
async function migrateAlong(
  lab: TestLab,
  to: string,
  steps: readonly { when: string; act: () => Promise<unknown> }[],
): Promise<{ exitCode: number | undefined; document: Document }> {
  const child = lab.start('--json', 'migrate', lab.file, 'web', '--to', to);
  const waiting = [...steps];
  const acts: Promise<unknown>[] = [];
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    while (waiting[0] !== undefined && said.includes(waiting[0].when))
      acts.push(waiting.shift()?.act() ?? Promise.resolve());
  });
  const { exitCode, stdout } = await child;
  await Promise.all(acts);
  if (waiting.length > 0) throw new Error(`“${waiting[0]?.when}” was never said:\n${said}`);
  return { exitCode, document: JSON.parse(String(stdout)) };
}
