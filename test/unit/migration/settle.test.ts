import t from 'tap';
import type { MigrationJob, VmDriver, VmSight } from '../../../lib/compute/driver.js';
import { DriverError } from '../../../lib/compute/driver-error.js';
import { cancelAndSettle } from '../../../lib/migration/settle.js';
import type { SwitchEvent } from '../../../lib/migration/switchover.js';
import { whereIs } from '../../../lib/migration/whereabouts.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { partsOf, runOf, sight } from './run.js';

/**
 * A driver that has the VM in that state and can be asked for it; what is done to it is kept. Whatever else is used
 * fails.
 */
class Host {
  readonly done: string[] = [];

  constructor(
    readonly name: string,
    public state: string | null | Error,
    public jobs = 0,
    readonly id = 'uuid-of-web',
  ) {}

  async look(): Promise<VmSight | null> {
    if (this.state instanceof Error) throw this.state;
    return this.state === null ? null : sight({ state: this.state, id: this.id });
  }

  async hasJob(): Promise<boolean> {
    return this.jobs-- > 0;
  }

  async cancel(): Promise<void> {}

  async resume(): Promise<void> {
    this.done.push('resume');
  }

  async stop(): Promise<void> {
    this.done.push('stop');
    this.state = 'shut off';
  }

  async forget(): Promise<void> {
    this.done.push('forget');
  }

  asked() {
    return { ...partsOf(this.name), vms: this as unknown as VmDriver };
  }
}

const OVER: MigrationJob = { isOver: true, outcome: Promise.resolve({ kind: 'failed', why: '', hint: '' }) };

async function after(source: Host, destination: Host, seen: readonly SwitchEvent[] = []) {
  const { run } = runOf({ hosts: [source.asked(), destination.asked()] });
  for (const event of seen) run.switchover.apply(event);
  const place = await cancelAndSettle(run, OVER, 'uuid-of-web');
  return { place, source: source.done, destination: destination.done };
}

t.test('a migration that did not end well: the VM is made to run once, or nothing is touched', async (t) => {
  const remove = ['stop', 'forget'];
  const cases = [
    ['running', null, 'source', [], []],
    ['running', 'shut off', 'source', [], []],
    ['running', 'paused', 'source', [], remove],
    ['paused', null, 'source', ['resume'], []],
    ['paused', 'paused', 'source', ['resume'], remove],
    [null, 'running', 'destination', [], []],
    ['shut off', 'running', 'destination', [], []],
    ['paused', 'running', 'destination', [], []],
    [null, 'paused', 'destination', [], ['resume']],
    ['running', 'running', 'both', [], []],
    [null, null, 'unknown', [], []],
    ['shut off', 'crashed', 'unknown', [], []],
  ] as const;
  for (const [here, there, place, atSource, atDestination] of cases) {
    t.strictSame(
      await after(new Host('host-a', here), new Host('host-b', there)),
      { place, source: atSource, destination: atDestination },
      `${here} at the source, ${there} at the destination`,
    );
  }
});

t.test('a memory that is torn: neither end has the whole of it, and nothing is touched', async (t) => {
  for (const seen of [
    { kind: 'post-copy began', atMs: 1 },
    { kind: 'resumed', where: 'destination', atMs: 1 },
  ] as const) {
    t.strictSame(await after(new Host('host-a', 'paused'), new Host('host-b', 'paused'), [seen]), {
      place: 'both',
      source: [],
      destination: [],
    });
  }
});

t.test('as long as libvirt works on it at one end, nothing is decided', async (t) => {
  for (const ends of [
    [new Host('host-a', 'paused', 2), new Host('host-b', 'paused')],
    [new Host('host-a', 'paused'), new Host('host-b', 'paused', 2)],
  ] as const) {
    const [source, destination] = ends;
    const hasJob = source.hasJob.bind(source);
    let looks = 0;
    source.hasJob = async () => {
      looks += 1;
      t.strictSame(destination.done, [], 'not yet');
      return await hasJob();
    };
    await after(source, destination);
    t.ok(looks >= 3, 'it was asked until there was no job');
  }
});

t.test('a host that does not answer leaves no guess', async (t) => {
  const cut = new Error('the connection broke');
  for (const [source, destination] of [
    [new Host('host-a', 'running'), new Host('host-b', cut)],
    [new Host('host-a', cut), new Host('host-b', 'paused')],
  ] as const) {
    await t.rejects(after(source, destination), cut);
    t.strictSame([...source.done, ...destination.done], []);
  }
});

t.test('a copy that goes while it is being removed is what was wanted', async (t) => {
  const destination = new Host('host-b', 'paused');
  destination.stop = async () => {
    destination.state = null;
    throw new Error('domain is not running');
  };
  t.strictSame(await after(new Host('host-a', 'running'), destination), {
    place: 'source',
    source: [],
    destination: [],
  });
});

t.test('every host that knows the domain is told, with its state', async (t) => {
  const hosts = [new Host('host-a', 'shut off'), new Host('host-b', null), new Host('host-c', 'running')].map((host) =>
    host.asked(),
  );
  t.match(await whereIs('web', hosts), [
    { host: 'host-a', seen: { state: 'shut off' } },
    { host: 'host-c', seen: { state: 'running' } },
  ]);
});

t.test('another VM of that name is not touched', async (t) => {
  const stranger = new Host('host-b', 'paused', 0, 'uuid-of-another');
  t.strictSame(await after(new Host('host-a', 'paused'), stranger), {
    place: 'source',
    source: ['resume'],
    destination: [],
  });
});

t.test('a driver that refuses is asked again, for its daemon may come back', async (t) => {
  const source = new Host('host-a', 'paused');
  let refusals = 1;
  source.cancel = async () => {
    if (refusals-- > 0) throw new DriverError('refused', new VxmigError('COMMAND_FAILED', 'the daemon is away'));
  };
  t.strictSame(await after(source, new Host('host-b', null)), { place: 'source', source: ['resume'], destination: [] });
});
