import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { SessionPool } from '../../lib/host/session-pool.js';
import { inLab } from '../../lib/lab/connect.js';
import { bridgeName, tunnelPortName } from '../../lib/model/names.js';
import { eventually } from './eventually.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { holding, holdings } from './host-state.js';

const INTERRUPTED = 130;
const PATIENCE_MS = 40_000;
/** As the lab starts it. */
const RESTART_SWITCH = `ovs-appctl -t ovs-vswitchd exit
while [ -e /run/openvswitch/ovs-vswitchd.pid ]; do sleep 0.1; done
ovs-vswitchd unix:/run/openvswitch/db.sock --pidfile --detach --no-chdir --disable-system-route \\
  -vconsole:off -vsyslog:off`;

const RESTART_DATABASE = `ovs-appctl -t ovsdb-server exit
while [ -e /run/openvswitch/ovsdb-server.pid ]; do sleep 0.1; done
ovsdb-server /etc/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock \
  --remote=db:Open_vSwitch,Open_vSwitch,manager_options --pidfile --detach --no-chdir -vconsole:off -vsyslog:off`;

await onLab('two-subnets', async (t, lab) => {
  const tunnel = tunnelPortName(lab.name, 'blue', 'host-a');
  const bridge = bridgeName(lab.name, 'blue');
  const noted = 'table=deliver,priority=9,dl_type=0x88b5';
  await lab.apply();

  await t.test('drift is told with its reason, and that it is gone again', async (t) => {
    const watch = await startWatch(t, lab);
    await lab.on('host-c', 'ovs-vsctl', 'del-port', tunnel);
    const drift = await watch.next('host-c', 'drift');
    t.match(drift, {
      at: /Z$/,
      kind: 'tunnel',
      name: tunnel,
      action: 'create',
      why: /the tunnel to host-a .* is missing/,
    });
    await lab.apply();
    t.match(await watch.next('host-c', 'gone'), { kind: 'tunnel', name: tunnel });
    await lab.shell('host-b', RESTART_DATABASE);
    t.match(await watch.next('host-b', 'lost'), { why: /closed the connection/ });
    t.match(await watch.next('host-b', 'watching'), { again: true });
    await lab.on('host-a', 'virsh', 'destroy', 'web');
    t.match(await watch.next('host-a', 'drift'), { kind: 'vm', name: 'web', why: 'it is shut off' });
    t.match(await metricsOf(watch), /^vxmig_drifts\{topology="[^"]+",host="host-a",kind="vm"\} 1$/m);
    t.equal(await watch.stop('SIGINT'), INTERRUPTED);
    t.notOk(watch.seen.some(({ event }: Document) => event === 'repaired'));
    await lab.apply();
  });

  await t.test('--repair fixes networks, and lets VMs be', async (t) => {
    const watch = await startWatch(t, lab, '--repair');
    await lab.on('host-c', 'ovs-vsctl', 'del-port', tunnel);
    t.match(await watch.next('host-c', 'repaired'), { kind: 'tunnel', name: tunnel });
    t.match(await lab.on('host-c', 'ovs-vsctl', 'list-ports', bridge), tunnel);

    await lab.on('host-b', 'ovs-ofctl', 'add-flow', bridge, `${noted},actions=NORMAL`);
    t.match(await watch.next('host-b', 'repaired'), { kind: 'flows', why: '1 that do not belong there' });
    t.notMatch(await lab.on('host-b', 'ovs-ofctl', 'dump-flows', bridge), 'NORMAL');

    await lab.shell('host-b', RESTART_SWITCH);
    t.match(await watch.next('host-b', 'repaired'), { kind: 'underlay', why: /lacks its routes/ });

    await lab.on('host-a', 'virsh', 'destroy', 'web');
    t.match(await watch.next('host-a', 'drift'), { kind: 'vm' });
    t.match(await metricsOf(watch), /^vxmig_repairs_total\{.*host="host-c",result="done"\} [1-9]/m);
    t.equal(await watch.stop('SIGTERM'), INTERRUPTED);
    t.match((await lab.run('plan', lab.file)).document.changes, [{ kind: 'vm', why: 'it is shut off' }]);
  });

  await t.test('--repair=vms starts them', async (t) => {
    const watch = await startWatch(t, lab, '--repair=vms');
    t.match(await watch.next('host-a', 'repaired'), { kind: 'vm', name: 'web' });
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    await watch.stop('SIGTERM');
    t.same((await lab.succeed('plan', lab.file)).changes, []);
  });

  await t.test('over a connection that two share, what one has begun ends with him alone', async (t) => {
    const { hosts } = await inLab(lab.topology, lab.name);
    const settings = hosts[0]?.ssh;
    if (settings === undefined || settings === null) throw new Error('the lab has no SSH');
    const pool = new SessionPool();
    t.teardown(() => pool.close());
    const [one, other] = await Promise.all([pool.open('host-a', settings), pool.open('host-a', settings)]);
    t.equal(pool.size, 1);
    await one.follow(['sleep', '1111'], 'TERM');
    await one.converse(['sh', '-c', 'cat; sleep 2222']);
    await other.follow(['sleep', '3333'], 'TERM');
    const sleeping = async () => (await lab.on('host-a', 'ps', '-eo', 'args')).match(/^sleep \d+$/gm);
    await eventually('all of it runs', async () => (await sleeping())?.length === 2);
    one.close();
    await eventually('the host has ended what followed him', async () => !(await sleeping())?.includes('sleep 1111'));
    // What talks to somebody gets the end of its input, and may have something left to do.
    await eventually('it knows that he has gone', async () => (await sleeping())?.includes('sleep 2222') === true);
    t.ok((await sleeping())?.includes('sleep 3333'));
    t.equal((await other.run(['echo', 'here'])).stdout, 'here\n');
    await lab.on('host-a', 'pkill', '-x', '-f', 'sleep 2222');
    other.close();
    await eventually('nothing is left', async () => (await sleeping()) === null);
  });

  await t.test('nothing of it is left running on the hosts', async (t) => {
    for (const { name } of lab.topology.hosts)
      t.notMatch(await lab.on(name, 'ps', '-eo', 'args'), /ovs-ofctl.* monitor|virsh.* event|ip monitor/);
  });
});

async function startWatch(t: Test, lab: TestLab, ...options: readonly string[]) {
  // A watch ends only when it is told to.
  const program = lab.start('--json', 'watch', lab.file, '--metrics', '0', ...options);
  t.teardown(() => program.kill('SIGTERM'));
  const seen: Document[] = [];
  let errors = '';
  let stir: () => void = () => undefined;
  program.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  createInterface({ input: program.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    seen.push(JSON.parse(line));
    stir();
  });
  let read = 0;
  /** The next event of that kind on that host; what came before it is passed over. */
  const next = async (host: string, event: string): Promise<Document> => {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = seen.findIndex((one, index) => index >= read && one.host === host && one.event === event);
      if (found >= 0) {
        read = found + 1;
        return seen[found];
      }
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${event} on ${host}: ${JSON.stringify(seen)} ${errors}`);
      await Promise.race([
        new Promise<void>((resolve) => {
          stir = resolve;
        }),
        once(AbortSignal.timeout(left), 'abort'),
        program.then(() => {
          throw new Error(`watch has ended: ${errors}`);
        }),
      ]);
    }
  };
  for (const { name } of lab.topology.hosts) {
    read = 0;
    await next(name, 'watching');
  }
  read = 0;
  return {
    seen,
    next,
    url: () => /Metrics at (\S+)/.exec(errors)?.[1] ?? '',
    stop: async (signal: NodeJS.Signals) => {
      program.kill(signal);
      return (await program).exitCode;
    },
  };
}

async function metricsOf(watch: { readonly url: () => string }): Promise<string> {
  return await (await fetch(watch.url(), { signal: AbortSignal.timeout(10_000) })).text();
}
