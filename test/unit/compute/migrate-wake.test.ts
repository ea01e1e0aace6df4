import t, { type Test } from 'tap';
import { ARRIVING_NAMESPACE } from '../../../lib/model/domain-marks.js';
import { type MovingDomain, moveDomain, startLingeringQemu, startOddQemu, startQemu } from './moving-domain.js';

// The guest arrives paused, and runs at most once: it is woken at the destination when its QEMU here is past running
// it.

const MARKED = `here metadata --domain a web --live --uri ${ARRIVING_NAMESPACE} --key vxmig --set <arriving/>`;
const UNMARKED = `here metadata --domain a web --live --uri ${ARRIVING_NAMESPACE} --remove`;
const RESTORED = [
  'here migrate-setspeed --domain a web --bandwidth 8796093022207',
  'here migrate-setmaxdowntime --domain a web --downtime 300',
];
const WOKEN = [
  "far resume --domain 'a web'",
  "far domstate --domain 'a web'",
  `far metadata --domain 'a web' --live --uri ${ARRIVING_NAMESPACE} --remove`,
];

/** The rest of what was done, to the end: what is said to the destination may be read there after the guard has gone. */
async function doneAndWoken(domain: MovingDomain, t: Test): Promise<string[]> {
  await domain.seen('far metadata');
  return await doneBy(domain, t);
}

/** Marked before anything is sent, and the rest of what was done. */
async function doneBy({ lines }: MovingDomain, t: Test): Promise<string[]> {
  const [limits, marked, job, ...rest] = await lines();
  t.match(limits, /^here migrate-getspeed/);
  t.equal(marked, MARKED, 'who finds it paused knows why');
  t.equal(job, 'job a web --live');
  return rest;
}

t.test('its QEMU here goes: the guest is woken, once, and is no longer marked', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid });
  t.notOk(
    (await domain.lines()).some((line) => line.startsWith('far')),
    'not before',
  );
  await qemu.dies();
  await domain.seen('far metadata');
  await domain.jobEnds(0);
  t.match(await domain.command.ended, { exitCode: 0 });
  t.strictSame(await doneBy(domain, t), WOKEN, 'and its limits went with it');
});

t.test('its QEMU here is exiting, and gives back its memory: it is woken by then', async (t) => {
  const qemu = await startLingeringQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid });
  await qemu.dies();
  await domain.seen('far metadata');
  await domain.jobEnds(0);
  await domain.command.ended;
  t.strictSame(await doneBy(domain, t), WOKEN);
});

t.test('a migration that fails: it runs on here, and is never woken there', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid });
  await domain.jobEnds(1);
  t.match(await domain.command.ended, { exitCode: 1 });
  t.strictSame(await doneBy(domain, t), [UNMARKED, ...RESTORED]);
});

t.test('as long as one thread of it is not exiting it could run', async (t) => {
  const domain = await moveDomain(t, { qemu: [4, 0] });
  await domain.jobEnds(1);
  await domain.command.ended;
  t.strictSame(await doneBy(domain, t), [UNMARKED, ...RESTORED]);
});

t.test('when none is left, it could not', async (t) => {
  const domain = await moveDomain(t, { qemu: [4, 0] });
  await domain.threadIs(1, 4);
  await domain.seen('far metadata');
  await domain.jobEnds(1);
  await domain.command.ended;
  t.strictSame(await doneBy(domain, t), WOKEN, 'whatever virsh says of it');
});

t.test('a name that looks like the end of a process is only a name', async (t) => {
  const qemu = await startOddQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid });
  await domain.jobEnds(1);
  await domain.command.ended;
  t.strictSame(await doneBy(domain, t), [UNMARKED, ...RESTORED]);
});

t.test('libvirt says that it has moved before its QEMU was seen to go: it is woken then', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid });
  await domain.jobEnds(0);
  await domain.command.ended;
  t.strictSame(await doneAndWoken(domain, t), WOKEN);
});

t.test('virsh is killed: the job is aborted until it is over, and the guest runs on here', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid });
  await domain.refuses(2);
  await domain.jobEnds(143);
  t.match(await domain.command.ended, { exitCode: 143 });
  const asked = Array(3).fill(['here domjobabort --domain a web', 'here domjobinfo --domain a web']).flat();
  t.strictSame(await doneBy(domain, t), [...asked, UNMARKED, ...RESTORED]);
});

t.test('virsh is killed when it was too late to go back: it is woken there', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid });
  await domain.refuses(1);
  await domain.jobEnds(143);
  await domain.seen('here domjobinfo');
  await qemu.dies();
  await domain.command.ended;
  const asked = (await doneAndWoken(domain, t)).filter((line) => !line.startsWith('here domjob'));
  t.strictSame(asked, WOKEN);
});

t.test('a controller that is silent: the job is aborted, and the guest runs on here', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid, leaseSeconds: 0.5 });
  domain.local.muted = true;
  t.match(await domain.command.ended, { exitCode: 1 });
  t.strictSame(await doneBy(domain, t), ['here domjobabort --domain a web', UNMARKED, ...RESTORED]);
});

t.test('a controller that has gone when it was too late: libvirt is asked anew until the guest runs', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid, far: 'unreachable' });
  await domain.refuses(1000);
  domain.local.hangUp();
  await domain.seen('here domjobabort');
  await qemu.dies();
  await domain.jobEnds(1);
  await domain.seen('there domstate');
  await domain.farEndIs('anew');
  await domain.seen('there metadata');
  await domain.command.ended;
  const done = await doneBy(domain, t);
  t.strictSame(
    done.slice(-3),
    [
      'there resume --domain a web',
      'there domstate --domain a web',
      `there metadata --domain a web --live --uri ${ARRIVING_NAMESPACE} --remove`,
    ],
    'woken, and no longer marked',
  );
  t.notOk(done.includes(UNMARKED), 'what is here of it is left alone');
  t.notOk(done.some((line) => RESTORED.includes(line)));
});

t.test('a destination that is never reached again: nobody waits for it for ever, and nothing runs here', async (t) => {
  const qemu = await startQemu(t);
  const domain = await moveDomain(t, { qemu: qemu.pid, far: 'unreachable', wakeSeconds: 2 });
  domain.local.hangUp();
  await qemu.dies();
  await domain.command.ended;
  const done = await doneBy(domain, t);
  t.ok(done.includes('there resume --domain a web'), 'it was tried');
  t.notOk(
    done.some((line) => /^here metadata|^there metadata/.test(line)),
    'who finds it paused still knows why',
  );
});

for (const far of ['silent', 'breaks'] as const) {
  t.test(
    `the connection to the destination ${far === 'silent' ? 'is silent' : 'is lost'}: the controller sees to it`,
    async (t) => {
      const qemu = await startQemu(t);
      const domain = await moveDomain(t, { qemu: qemu.pid, far, answerSeconds: 0.5 });
      await qemu.dies();
      await domain.jobEnds(0);
      t.match(await domain.command.ended, { exitCode: 0 }, 'it is told that the VM has moved');
      const done = await doneBy(domain, t);
      t.ok(done.includes(WOKEN[0] ?? ''), 'it was tried');
      t.notOk(
        done.some((line) => !line.startsWith('far ')),
        'and nothing else, nowhere else',
      );
    },
  );
}
