import t from 'tap';
import { failureText, neverBegan, ofSilence } from '../../../lib/migration/cause.js';
import type { MigrationContext } from '../../../lib/migration/context.js';
import { CommandError, VxmigError } from '../../../lib/model/errors.js';

const BEGAN = 1_000_000;

function context(source: string[], destination: string[] | Error, silence: VxmigError | null = null): MigrationContext {
  const host = (name: string, errors: string[] | Error) => ({
    name,
    libvirtErrors: async (_domain: string, sinceMs: number) => {
      // Its clock is 5 s ahead.
      t.ok(sinceMs > BEGAN + 4_000 && sinceMs <= BEGAN + 5_000);
      if (errors instanceof Error) throw errors;
      return errors;
    },
  });
  const clocks = new Map(['node-a', 'node-b'].map((name) => [name, { offsetMs: 5_000, errorMs: 1 }]));
  const given = {
    vm: { name: 'web' },
    domain: 'shop',
    source: host('node-a', source),
    destination: host('node-b', destination),
    clocks,
    copyBeganAtMs: BEGAN,
    emit: () => undefined,
    signal: new AbortController().signal,
    options: { timeoutMs: 120_000 },
    portSilence: async () => silence,
  };
  return given as unknown as MigrationContext;
}

t.test('what libvirt loses on the way stands in the logs', async (t) => {
  const cause = "Cannot access storage file '/x.iso': No such file or directory";
  const eof = 'error: End of file while reading data: : Input/output error';
  t.equal(
    await failureText(context([cause], [cause]), eof),
    `virsh migrate failed on node-a: ${eof}; libvirt on node-b: ${cause}`,
  );
  t.equal(
    await failureText(context([cause], [cause]), `error: ${cause}`),
    `virsh migrate failed on node-a: error: ${cause}`,
  );
  t.equal(await failureText(context([], new Error('gone')), ''), 'virsh migrate failed on node-a: it said nothing');
});

t.test('a silent libvirt is no broken SSH connection', async (t) => {
  const silent = new VxmigError('COMMAND_FAILED', 'no answer on node-a within 10000 ms');
  const port = new VxmigError('HOST_UNFIT', 'node-a does not get through to TCP port 49152 of node-b', {
    hint: 'Open it.',
  });
  t.match(await ofSilence(context([], [], port), silent), {
    code: 'MIGRATION_FAILED',
    message: /TCP port 49152/,
    hint: 'Open it.',
  });
  t.match(await ofSilence(context([], []), silent), {
    code: 'MIGRATION_FAILED',
    message: /gave no answer about shop/,
    hint: /Storage that does not answer/,
  });
  const timedOut = new CommandError('node-a', ['virsh', 'domjobinfo'], null, 'no end within 60000 ms');
  t.match(await ofSilence(context([], []), timedOut), { code: 'MIGRATION_FAILED' });
  for (const other of [
    new CommandError('node-a', ['ovs-ofctl'], 1, 'no'),
    new VxmigError('SSH_CONNECT', 'the connection broke'),
    new Error('a bug'),
  ]) {
    t.equal(await ofSilence(context([], [], port), other), other);
  }
});

t.test('a copy that never began is not the guest’s fault', async (t) => {
  const error = neverBegan(context([], []));
  t.match(error.message, /did not begin within 120000 ms: no memory was sent/);
  t.notMatch(error.hint, /dirty/);
});
