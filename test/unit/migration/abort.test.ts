import t from 'tap';
import { abort } from '../../../lib/migration/abort.js';
import type { MigrationContext } from '../../../lib/migration/context.js';
import type { DomainSeen, MigrationHost } from '../../../lib/migration/needs.js';
import { whereIs } from '../../../lib/migration/whereabouts.js';

/**
 * A host that has the domain in that state and can be asked for it; what is done to it is kept. Whatever else is used
 * fails.
 */
class Host {
  readonly done: string[] = [];

  constructor(
    readonly name: string,
    public state: string | null | Error,
    public jobs = 0,
  ) {}

  async domain(): Promise<DomainSeen | null> {
    if (this.state instanceof Error) throw this.state;
    return this.state === null ? null : { state: this.state, xml: '' };
  }

  async hasJob(): Promise<boolean> {
    return this.jobs-- > 0;
  }

  async abortMigration(): Promise<void> {}

  async resume(): Promise<void> {
    this.done.push('resume');
  }

  async destroy(): Promise<void> {
    this.done.push('destroy');
    this.state = 'shut off';
  }

  async undefine(): Promise<void> {
    this.done.push('undefine');
  }

  asked(): MigrationHost {
    return this as unknown as MigrationHost;
  }
}

const OVER = { isOver: true, ended: Promise.resolve({ exitCode: 1, stderr: '' }) };

async function after(source: Host, destination: Host, how: Partial<MigrationContext> = {}) {
  const options = { strategy: 'pre-copy' };
  const ends = { source: source.asked(), destination: destination.asked() };
  const context = { command: OVER, domain: 'web', options, resumedAtMs: null, ...ends, ...how };
  const place = await abort(context as unknown as MigrationContext);
  return { place, source: source.done, destination: destination.done };
}

t.test('a migration that did not end well: the VM is made to run once, or nothing is touched', async (t) => {
  const remove = ['destroy', 'undefine'];
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
      await after(new Host('a', here), new Host('b', there)),
      { place, source: atSource, destination: atDestination },
      `${here} at the source, ${there} at the destination`,
    );
  }
});

t.test('post-copy that broke off: neither end has the whole memory, and nothing is touched', async (t) => {
  const options = { strategy: 'post-copy', bandwidthBytesPerSecond: null, timeoutMs: 1, redirect: true } as const;
  for (const how of [{ options }, { resumedAtMs: 1 }]) {
    t.strictSame(await after(new Host('a', 'paused'), new Host('b', 'paused'), how), {
      place: 'both',
      source: [],
      destination: [],
    });
  }
});

t.test('as long as libvirt works on it at one end, nothing is decided', async (t) => {
  for (const ends of [
    [new Host('a', 'paused', 2), new Host('b', 'paused')],
    [new Host('a', 'paused'), new Host('b', 'paused', 2)],
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
    [new Host('a', 'running'), new Host('b', cut)],
    [new Host('a', cut), new Host('b', 'paused')],
  ] as const) {
    await t.rejects(after(source, destination), cut);
    t.strictSame([...source.done, ...destination.done], []);
  }
});

t.test('a copy that goes while it is being removed is what was wanted', async (t) => {
  const destination = new Host('b', 'paused');
  destination.destroy = async () => {
    destination.state = null;
    throw new Error('domain is not running');
  };
  t.strictSame(await after(new Host('a', 'running'), destination), { place: 'source', source: [], destination: [] });
});

t.test('every host that knows the domain is told, with its state', async (t) => {
  const hosts = [new Host('a', 'shut off'), new Host('b', null), new Host('c', 'running')].map((host) => host.asked());
  t.match(await whereIs('web', hosts), [
    { host: 'a', state: 'shut off' },
    { host: 'c', state: 'running' },
  ]);
});
