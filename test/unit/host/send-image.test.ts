import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { HostShell, RunOptions } from '../../../lib/host/connection.js';
import { sendImage } from '../../../lib/host/send-image.js';
import { CommandError } from '../../../lib/model/errors.js';

const TELLING = { emit: () => {}, signal: new AbortController().signal };

t.test('all of the image arrives, however late the session is there', async (t) => {
  const directory = t.testdir({ image: 'what is first'.repeat(100_000) });
  const source = `${directory}/image`;
  const sent = await readFile(source);
  const digest = createHash('sha256').update(sent).digest('hex');
  let arrived = '';
  const run = async (_: readonly string[], { input }: RunOptions = {}) => {
    await sleep(50);
    if (input !== undefined) arrived = await text(input());
    return { stdout: '', stderr: '', exitCode: 0 };
  };
  const shell = { name: 'host-a', run } as Partial<HostShell> as HostShell;
  await sendImage(shell, { source, place: '/there', digest, fileBytes: sent.length }, TELLING);
  t.equal(arrived, sent.toString());
});

t.test('what a host says that does not take it is told, and not how it was asked', async (t) => {
  const run = async (argv: readonly string[]) => {
    throw new CommandError('host-a', argv, 1, 'no room: 5 bytes are needed in /there, and 4 are free\n');
  };
  const shell = { name: 'host-a', run } as Partial<HostShell> as HostShell;
  const step = { source: '/image', place: '/there/x', digest: '0', fileBytes: 5 } as const;
  await t.rejects(sendImage(shell, step, TELLING), {
    code: 'APPLY_FAILED',
    message: /^\/image could not be sent to host-a: no room: 5 bytes are needed/,
  });
});
