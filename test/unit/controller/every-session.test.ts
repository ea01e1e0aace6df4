import t from 'tap';
import { everySession } from '../../../lib/controller/every-session.js';
import { VxmigError } from '../../../lib/model/errors.js';

const HOSTS = ['host-a', 'host-b', 'host-c'].map((name) => ({ name }));

t.test('one that fails does not stop the others half-way', async (t) => {
  const done: string[] = [];
  const work = async ({ name }: { name: string }) => {
    if (name === 'host-a') throw new VxmigError('SSH_CONNECT', 'host-a is gone', { where: 'host-a' });
    await new Promise((resolve) => setImmediate(resolve));
    done.push(name);
  };
  await t.rejects(everySession(HOSTS, work), { code: 'SSH_CONNECT', message: 'host-a is gone' });
  t.strictSame(done, ['host-b', 'host-c']);
});

t.test('several failures are one error that names every host', async (t) => {
  const work = async ({ name }: { name: string }) => {
    if (name !== 'host-b') throw new Error(`no room on ${name}`);
  };
  await t.rejects(everySession(HOSTS, work, 'Make room.'), {
    code: 'APPLY_FAILED',
    message: 'host-a: no room on host-a; host-c: no room on host-c',
    where: 'host-a, host-c',
    hint: 'Make room.',
  });
});
