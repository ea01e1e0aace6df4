import t from 'tap';
import { guestConnect, hostConnect } from '../../../lib/controller/pings.js';
import { ScriptedShell } from './scripted-shell.js';

const ok = (body: string) => `HTTP/1.0 200 OK\r\n\r\n${body}`;
const TARGET = { address: '10.9.0.1', port: 80 };

t.test('how a guest’s connection ended is told in the guest’s word', async (t) => {
  const ended = async (body: string) => {
    const shell = new ScriptedShell('host-a').on(/cgi-bin\/connect\?to=10\.9\.0\.1&port=80$/, ok(body));
    return await guestConnect(shell, 'pr', { guestAddress: '10.9.0.9', ...TARGET });
  };
  t.strictSame(await Promise.all(['taken\n', 'refused\n', 'silent\n', ''].map(ended)), [
    'taken',
    'refused',
    'silent',
    'silent',
  ]);
});

t.test('a guest that answers with anything but a page is a failure, and never a closed port', async (t) => {
  for (const answer of ['', 'HTTP/1.0 404 Not Found\r\n\r\n', 'refused']) {
    const shell = new ScriptedShell('host-a').on(/cgi-bin/, answer);
    await t.rejects(guestConnect(shell, 'pr', { guestAddress: '10.9.0.9', ...TARGET }), {
      message: /^the guest at 10\.9\.0\.9 answered: /,
    });
  }
});

t.test('how a host’s connection ended, over TCP and UDP, in its own network or another', async (t) => {
  const ended = async (result: { exitCode: number; stderr?: string }, namespace: string | null = null) => {
    const shell = new ScriptedShell('host-a').on(/timeout 3 bash -c /, result);
    const seen = await hostConnect(shell, namespace, { protocol: 'udp', ...TARGET });
    return { seen, line: shell.asked[0] };
  };
  t.match(await ended({ exitCode: 0 }), { seen: 'taken', line: /^env LC_ALL=C timeout 3 bash -c .*\/dev\/udp/ });
  t.match(await ended({ exitCode: 1, stderr: 'connect: Connection refused' }, 'pr-x'), {
    seen: 'refused',
    line: /^ip netns exec pr-x env LC_ALL=C /,
  });
  t.match(await ended({ exitCode: 124 }), { seen: 'silent' });
  t.match(await ended({ exitCode: 142 }), { seen: 'silent' });
  t.match(await ended({ exitCode: 1, stderr: 'No route to host' }), { seen: 'silent' });
  await t.rejects(ended({ exitCode: 127, stderr: 'bash: not found' }), { code: 'COMMAND_FAILED' });
});
