import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { shutDownDomain } from '../../../lib/compute/libvirt/shutdown-domain.js';
import type { HostShell } from '../../../lib/host/connection.js';
import { CommandError } from '../../../lib/model/errors.js';

const SCRIPT = fileURLToPath(new URL('../../../../lib/compute/libvirt/shutdown-domain.sh', import.meta.url));

/** The script with a virsh that answers `domstate` by those lines, the last one for ever. */
function shutDown(t: Test, states: readonly string[], { quiet = 60, most = 60 } = {}, prints = '') {
  const directory = t.testdir({ console: '', asked: '', states: `${states.join('\n')}\n` });
  writeFileSync(
    `${directory}/virsh`,
    `#!/bin/sh
case "$*" in *domstate*) ;; *) echo "$*" >>'${directory}/asked'; exit ;; esac
${prints}
head -n 1 '${directory}/states'
[ "$(wc -l <'${directory}/states')" -gt 1 ] && sed -i 1d '${directory}/states'
exit 0
`,
  );
  chmodSync(`${directory}/virsh`, 0o755);
  appendFileSync(`${directory}/console`, 'boots\n');
  const { stdout, stderr } = spawnSync('sh', [SCRIPT, 'web', `${directory}/console`, String(quiet), String(most)], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${directory}:${process.env.PATH}` },
  });
  return { said: `${stdout}${stderr}`.trim(), asked: readFileSync(`${directory}/asked`, 'utf8').trim() };
}

t.test('a guest is asked as by its power button, and waited for', async (t) => {
  const { said, asked } = shutDown(t, ['running', 'in shutdown', 'shut off']);
  t.equal(said, 'off');
  t.equal(asked, '-q -c qemu:///system shutdown --domain web');
});

t.test('one that goes on is waited for as long as it prints, and not for ever', async (t) => {
  t.equal(shutDown(t, ['running'], { quiet: 1 }).said, 'on', 'it is silent');
  const printing = 'echo stopping >>"$(dirname "$0")/console"';
  t.equal(shutDown(t, ['running', 'running', 'running', 'running', 'shut off'], {}, printing).said, 'off');
  t.equal(shutDown(t, ['running'], { most: 1 }, printing).said, 'on');
  t.equal(shutDown(t, ['paused']).said, 'on', 'it hears nothing');
});

t.test('one that goes on is powered off, which is said', async (t) => {
  const ran: string[] = [];
  const shell = (answer: string, cut: Error | null = null) => {
    const run = async (argv: readonly string[]) => {
      ran.push(argv.includes('destroy') ? 'destroy' : 'shutdown');
      if (argv.includes('destroy') && cut !== null) throw cut;
      return { stdout: `${answer}\n`, stderr: '', exitCode: 0 };
    };
    return { name: 'host-a', run } as Partial<HostShell> as HostShell;
  };
  t.equal(await shutDownDomain(shell('off'), 'web'), null);
  t.match(
    await shutDownDomain(shell('on'), 'web'),
    /^web on host-a has not shut itself down .*as after a power failure$/,
  );
  t.same(ran, ['shutdown', 'shutdown', 'destroy']);
  const late = new CommandError(
    'host-a',
    ['virsh'],
    1,
    'error: Requested operation is not valid: domain is not running',
  );
  t.equal(await shutDownDomain(shell('on', late), 'web'), null, 'in the last moment');
  await t.rejects(shutDownDomain(shell('on', new CommandError('host-a', ['virsh'], 1, 'no')), 'web'));
});
