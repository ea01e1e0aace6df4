import t from 'tap';
import { LibvirtDriver } from '../../../lib/compute/libvirt/driver.js';
import { failureText } from '../../../lib/compute/libvirt/failure.js';
import type { HostShell } from '../../../lib/host/connection.js';
import { CommandError, VxmigError } from '../../../lib/model/errors.js';

const BEGAN = 1_000_000;
const EOF = 'error: End of file while reading data: : Input/output error';

/** Its libvirt has written these down as errors. */
function shell(name: string, errors: readonly string[] | Error): HostShell {
  const run = async (argv: readonly string[]) => {
    // Its clock is 5 s ahead, and what is a little older counts as well.
    t.equal(argv.at(-1), '1004');
    if (errors instanceof Error) throw errors;
    const at = '1970-01-01 00:16:45.500+0000';
    return { stdout: errors.map((text) => `${at}: 78: error : some:1 : ${text}\n`).join(''), stderr: '', exitCode: 0 };
  };
  return { name, run } as unknown as HostShell;
}

async function said(here: readonly string[] | Error, there: readonly string[] | Error, stderr: string) {
  const clocks = new Map(['node-a', 'node-b'].map((name) => [name, { offsetMs: 5_000, errorMs: 1 }]));
  const notes: string[] = [];
  const ends = { domain: 'shop', source: shell('node-a', here), destination: shell('node-b', there) };
  const note = (host: string, text: string) => void notes.push(`${host}: ${text}`);
  const text = await failureText(ends, { stderr, beganAtMs: BEGAN, clocks, note });
  return { text, notes };
}

t.test('what libvirt loses on the way stands in the logs', async (t) => {
  const cause = "Cannot access storage file '/x.iso': No such file or directory";
  t.equal(
    (await said([cause], [cause], EOF)).text,
    `virsh migrate failed on node-a: ${EOF}; libvirt on node-b: ${cause}`,
  );
  t.equal((await said([cause], [cause], `error: ${cause}`)).text, `virsh migrate failed on node-a: error: ${cause}`);
  const { text, notes } = await said([], new Error('gone'), '');
  t.equal(text, 'virsh migrate failed on node-a: it said nothing');
  t.same(notes, ['node-b: its logs could not be read: gone']);
});

t.test('a libvirt that gives no answer is no broken SSH connection, and none that refuses', async (t) => {
  const failing = (error: Error) => {
    const run = async () => await Promise.reject(error);
    const at = { name: 'node-a', run } as unknown as HostShell;
    return new LibvirtDriver(at, { uri: '', memoryAddress: '' }, async (change) => await change());
  };
  const argv = ['virsh', 'domjobinfo'];
  t.match(
    await failing(new CommandError('node-a', argv, null, 'no end'))
      .cancel('shop')
      .catch((error) => error),
    {
      kind: 'silent',
      message: /libvirt on node-a gave no answer about shop .*stands still/,
      hint: /Storage that does not answer/,
    },
  );
  t.match(
    await failing(new CommandError('node-a', argv, 1, 'no'))
      .cancel('shop')
      .catch((error) => error),
    {
      kind: 'refused',
      message: /ended with status 1/,
    },
  );
  const broke = new VxmigError('SSH_CONNECT', 'the connection broke');
  t.equal(
    await failing(broke)
      .cancel('shop')
      .catch((error) => error),
    broke,
  );
});
