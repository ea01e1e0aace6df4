import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import t, { type Test } from 'tap';
import { SessionPool } from '../../../lib/host/session-pool.js';
import type { Channels } from '../../../lib/host/ssh-clients.js';
import type { SshSettings } from '../../../lib/model/topology.js';

const KEY = 'SHA256:Zm9yIHRoaXMgdGVzdCBvbmx5LCBubyBrZXkgaGFzIHRoaXM';
const SETTINGS: SshSettings = { address: '192.0.2.7', port: 22, user: 'root', identityFile: null, hostKey: KEY };

/** A host as the pool sees it: whether it is there, and what has been opened to it. */
class Host implements Channels {
  isAlive = true;
  isSilent = false;
  closed = 0;
  readonly opened: PassThrough[] = [];
  answers = async () => this.isAlive && !this.isSilent;
  exec = async () => this.#open() as unknown as ClientChannel;
  openSocket = async () => this.#open();
  close = () => {
    this.closed += 1;
    this.isAlive = false;
  };
  #open(): PassThrough {
    const channel = new PassThrough();
    this.opened.push(channel);
    return channel;
  }
}

function poolOf(t: Test, dial?: (attempt: number) => Promise<Channels>) {
  const hosts: Host[] = [];
  let attempts = 0;
  const pool = new SessionPool(async () => {
    attempts += 1;
    if (dial !== undefined) return await dial(attempts);
    const host = new Host();
    hosts.push(host);
    return host;
  });
  t.teardown(() => pool.close());
  return { pool, hosts, attempts: () => attempts };
}

t.test('who asks for the same host gets the same connection, which the last one closes', async (t) => {
  const { pool, hosts } = poolOf(t);
  const [first, second] = await Promise.all([pool.open('host-a', SETTINGS), pool.open('host-a', { ...SETTINGS })]);
  const third = await pool.open('host-a', SETTINGS);
  t.equal(hosts.length, 1);
  first.close();
  // Once more is no second user gone.
  first.close();
  second.close();
  await turn();
  t.equal(hosts[0]?.closed, 0, 'somebody still uses it');
  third.close();
  await turn();
  t.equal(hosts[0]?.closed, 1);
  t.equal(pool.size, 0);
  await pool.open('host-a', SETTINGS);
  t.equal(hosts.length, 2);
});

t.test('what one has begun ends with his shell, and with no other', async (t) => {
  const { pool, hosts } = poolOf(t);
  const [first, second] = [await pool.open('host-a', SETTINGS), await pool.open('host-a', SETTINGS)];
  await first.openSocket('/run/a');
  await first.openSocket('/run/c');
  await second.openSocket('/run/b');
  first.close();
  t.same(
    hosts[0]?.opened.map(({ destroyed }) => destroyed),
    [true, true, false],
  );
  await t.rejects(first.run(['true']), { code: 'SSH_CONNECT', message: 'the connection to host-a is closed' });
  await t.rejects(first.openSocket('/run/a'), { code: 'SSH_CONNECT' });
});

t.test('another place, user, name or key is another connection', async (t) => {
  const { pool, hosts } = poolOf(t);
  const others: readonly Partial<SshSettings>[] = [
    {},
    { address: '192.0.2.8' },
    { port: 2222 },
    { user: 'admin' },
    { hostKey: `${KEY.slice(0, -1)}x` },
  ];
  for (const other of others) await pool.open('host-a', { ...SETTINGS, ...other });
  await pool.open('host-b', SETTINGS);
  t.equal(hosts.length, others.length + 1);
});

t.test('a connection that died is never handed out', async (t) => {
  const { pool, hosts } = poolOf(t);
  const kept = await pool.open('host-a', SETTINGS);
  if (hosts[0]) hosts[0].isAlive = false;
  await pool.open('host-a', SETTINGS);
  t.equal(hosts.length, 2);
  if (hosts[1]) hosts[1].isSilent = true;
  await Promise.all([pool.open('host-a', SETTINGS), pool.open('host-a', SETTINGS)]);
  t.equal(hosts.length, 3, 'one is dialled for both');
  kept.close();
  await turn();
  t.same(
    hosts.map(({ closed }) => closed),
    [1, 0, 0],
    'whoever had a dead one closes that one',
  );
});

t.test('a failure to connect is told to all who wait, and not kept', async (t) => {
  let refuse: () => void = () => undefined;
  const refused = new Promise<void>((resolve) => {
    refuse = resolve;
  });
  const { pool, attempts } = poolOf(t, async (attempt) => {
    if (attempt > 1) return new Host();
    await refused;
    throw new Error('refused');
  });
  const asked = Promise.allSettled([pool.open('host-a', SETTINGS), pool.open('host-a', SETTINGS)]);
  // Long enough for both to have read their keys.
  await sleep(100);
  refuse();
  const both = await asked;
  t.same(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  t.equal(pool.size, 0);
  await pool.open('host-a', SETTINGS);
  t.equal(attempts(), 2);
});

t.test('at the end all are closed, also one that is still being dialled', async (t) => {
  let arrive: (host: Host) => void = () => undefined;
  const { pool } = poolOf(t, () => new Promise((resolve) => (arrive = resolve)));
  const opening = pool.open('host-a', SETTINGS);
  while (pool.size === 0) await turn();
  pool.close();
  const host = new Host();
  arrive(host);
  (await opening).close();
  await turn();
  t.ok(host.closed > 0);
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
