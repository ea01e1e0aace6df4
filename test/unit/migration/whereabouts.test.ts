import t from 'tap';
import type { DomainSeen, MigrationHost } from '../../../lib/migration/needs.js';
import { whereabouts, whereIs } from '../../../lib/migration/whereabouts.js';

/** A host that can be asked for domains and for nothing else: whoever asks where a VM is changes nothing. */
function host(name: string, state: string | null | Error): MigrationHost {
  const domain = async () => {
    if (state instanceof Error) throw state;
    return seen(state);
  };
  return new Proxy({ name, domain } as unknown as MigrationHost, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (value === undefined && key !== 'then') throw new Error(`${String(key)} was used`);
      return value;
    },
  });
}

function seen(state: string | null): DomainSeen | null {
  return state === null ? null : { state, xml: '' };
}

t.test('where the VM is, by what libvirt says on both ends', async (t) => {
  const cases = [
    ['running', null, 'source'],
    ['running', 'paused', 'source'],
    ['paused', 'running', 'destination'],
    [null, 'running', 'destination'],
    ['shut off', 'running', 'destination'],
    ['paused', null, 'source'],
    [null, 'paused', 'destination'],
    ['running', 'running', 'both'],
    ['paused', 'paused', 'both'],
    [null, null, 'unknown'],
    ['shut off', 'crashed', 'unknown'],
  ] as const;
  for (const [source, destination, expected] of cases) {
    const seen = await whereabouts('web', host('a', source), host('b', destination), 0);
    t.equal(seen, expected, `${source} at the source, ${destination} at the destination`);
  }
});

t.test('as long as both ends have it, libvirt may not be done: they are asked again', async (t) => {
  const states = ['paused', 'paused', null];
  const leaving = { ...host('a', null), domain: async () => seen(states.shift() ?? null) } as MigrationHost;
  t.equal(await whereabouts('web', leaving, host('b', 'running')), 'destination');
  t.strictSame(states, [], 'until one had it no more');
});

t.test('a host that does not answer leaves no guess', async (t) => {
  const cut = new Error('the connection broke');
  await t.rejects(whereabouts('web', host('a', 'running'), host('b', cut)), cut);
  await t.rejects(whereabouts('web', host('a', cut), host('b', 'running')), cut);
});

t.test('every host that knows the domain is told, with its state', async (t) => {
  t.strictSame(await whereIs('web', [host('a', 'shut off'), host('b', null), host('c', 'running')]), [
    { host: 'a', state: 'shut off' },
    { host: 'c', state: 'running' },
  ]);
});
