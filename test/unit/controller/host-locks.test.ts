import t from 'tap';
import { DEFAULT_LOCK } from '../../../lib/controller/host-locks.js';
import { Databases, longWork, NAMES, settled } from './databases.js';

t.test(
  'while the work goes on nobody else has any of the hosts, each says who has it, and then all are free',
  async (t) => {
    const databases = new Databases();
    const { lock } = await databases.controller();
    const { work, begun, end } = longWork();
    const all = lock(work);
    await begun;
    await settled();
    t.strictSame(await databases.free(), []);
    for (const holder of databases.holders)
      t.match(holder, new RegExp(`@.*, process ${process.pid}: apply plans, since 20\\d\\d-`));
    end();
    await all;
    t.strictSame(databases.holders, [null, null, null]);
    t.strictSame(await databases.free(), NAMES);
  },
);

t.test('what the work gives and throws comes through, and the hosts are free either way', async (t) => {
  const databases = new Databases();
  const { lock } = await databases.controller();
  t.equal(await lock(async () => 'done'), 'done');
  await t.rejects(
    lock(async () => {
      throw new Error('no room');
    }),
    { message: 'no room' },
  );
  t.strictSame(databases.holders, [null, null, null]);
  t.strictSame(await databases.free(), NAMES);
});

t.test('one host that somebody else has: none is taken, and the error names the host and who has it', async (t) => {
  const databases = new Databases();
  const other = longWork();
  const theirs = (await databases.controller(['host-b'])).lock(other.work, { timeoutMs: 0 });
  await other.begun;
  await settled();
  const { lock, notes } = await databases.controller();
  let worked = false;
  const work = async () => {
    worked = true;
  };
  await t.rejects(lock(work), {
    code: 'LOCKED',
    where: 'host-b',
    message: /^host-b locked by .+@.+, process \d+: apply plans, since [^;]+$/,
    hint: /--lock-timeout 60s.*--steal-lock/s,
  });
  t.notOk(worked);
  t.strictSame(notes, [], 'there was nothing to wait for');
  t.strictSame(await databases.free(), ['host-a', 'host-c'], 'ours were given back');
  other.end();
  await theirs;
});

t.test('several hosts of one holder are told in one go', async (t) => {
  const databases = new Databases();
  const other = longWork();
  const theirs = (await databases.controller(['host-a', 'host-c'])).lock(other.work);
  await other.begun;
  await settled();
  const { lock } = await databases.controller();
  await t.rejects(
    lock(async () => {}),
    { message: /^host-a, host-c locked by [^;]*$/, where: 'host-a, host-c' },
  );
  other.end();
  await theirs;
});

t.test('a holder that ends in time is waited for, and what for is told once', async (t) => {
  const databases = new Databases();
  const other = longWork();
  const theirs = (await databases.controller(['host-b'])).lock(other.work);
  await other.begun;
  await settled();
  const { lock, notes } = await databases.controller();
  const ours = lock(async () => 'ours', { timeoutMs: DEFAULT_LOCK.timeoutMs });
  while (databases.at('host-b').lockRequests < 3) await settled();
  other.end();
  await theirs;
  t.equal(await ours, 'ours');
  t.equal(notes.length, 1);
  t.match(notes[0], /^Waiting: host-b locked by .*apply plans/);
});

t.test('one that does not say who he is may only be looking, and gets a second chance to be done', async (t) => {
  const databases = new Databases();
  const [looking] = (await databases.controller(['host-b'])).sessions;
  const look = await looking?.ovs.askForLock({ steal: false });
  const { lock, notes } = await databases.controller();
  const ours = lock(async () => 'ours');
  while (notes.length === 0) await settled();
  t.match(notes, [/^Waiting: host-b locked by another controller, which has only just begun$/]);
  await look?.release();
  t.equal(await ours, 'ours');
});

t.test('a controller that died leaves no lock behind, though its name is still written there', async (t) => {
  const databases = new Databases();
  const dead = longWork();
  const { lock, sessions } = await databases.controller();
  const theirs = lock(dead.work);
  await dead.begun;
  await settled();
  for (const { ovs } of sessions) ovs.close();
  await settled();
  t.not(databases.holders[0], null);
  t.equal(await (await databases.controller()).lock(async () => 'ours'), 'ours');
  dead.end();
  await theirs;
});

t.test('a lock that is stolen ends the work of whoever had it, and the thief keeps it', async (t) => {
  const databases = new Databases();
  const robbed = longWork();
  const { lock } = await databases.controller();
  const theirs = lock(robbed.work);
  const lost = t.rejects(theirs, { code: 'LOCKED', where: 'host-b', message: /taken the lock of host-b from us/ });
  const signal = await robbed.begun;
  await settled();
  const thief = longWork();
  const ours = (await databases.controller(['host-b'])).lock(thief.work, { steal: true });
  await thief.begun;
  await lost;
  t.ok(signal.aborted);
  await settled();
  t.strictSame(await databases.free(), ['host-a', 'host-c']);
  const [a, b, c] = databases.holders;
  t.strictSame([a, c], [null, null]);
  t.match(b, /apply plans/, 'the thief’s name is not taken away');
  thief.end();
  await ours;
  t.strictSame(await databases.free(), NAMES, 'and who was robbed does not have it again');
});

t.test('one that never says who he is, and stays, is told as that', async (t) => {
  const databases = new Databases();
  const [quiet] = (await databases.controller(['host-b'])).sessions;
  await quiet?.ovs.askForLock({ steal: false });
  const { lock } = await databases.controller();
  await t.rejects(
    lock(async () => {}),
    { code: 'LOCKED', message: 'host-b locked by another controller, which has only just begun' },
  );
});

t.test('who is interrupted waits no longer, and work under way hears of it', async (t) => {
  const databases = new Databases();
  const first = longWork();
  const interrupt = new AbortController();
  const theirs = (await databases.controller()).lock(first.work, { signal: interrupt.signal });
  await first.begun;
  const { lock, notes } = await databases.controller();
  const waiting = new AbortController();
  const ours = lock(async () => {}, { timeoutMs: 60_000, signal: waiting.signal });
  while (notes.length === 0) await settled();
  waiting.abort(new Error('interrupted while it waited'));
  await t.rejects(ours, { message: 'interrupted while it waited' });
  interrupt.abort(new Error('interrupted at work'));
  await t.rejects(theirs, { message: 'interrupted at work' });
  t.strictSame(await databases.free(), NAMES);
});

t.test('a host that is gone when the work ends keeps the others from nothing', async (t) => {
  const databases = new Databases();
  const { work, begun, end } = longWork();
  const { lock } = await databases.controller();
  const all = lock(work);
  await begun;
  await settled();
  databases.at('host-b').hangUp();
  await settled();
  end();
  await all;
  t.strictSame(await databases.free(), NAMES);
  const [a, , c] = databases.holders;
  t.strictSame([a, c], [null, null]);
});

t.test('where one host cannot be asked, the others are given back', async (t) => {
  const databases = new Databases();
  const { lock, sessions } = await databases.controller();
  databases.at('host-c').hangUp();
  await settled();
  await t.rejects(
    lock(async () => {}),
    { code: 'OVSDB', where: 'host-c' },
  );
  t.ok(sessions[0]?.ovs.connection.isOpen);
  t.strictSame(await databases.free(), NAMES);
});
