import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { isEncrypted, readIdentity } from '../../../lib/host/identity.js';

/** As ssh-keygen writes it. */
function keyFile(t: Test, passphrase: string, ...options: string[]): string {
  const file = `${t.testdir()}/key`;
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '1024', '-N', passphrase, '-f', file, ...options]);
  return file;
}

const FORMATS = { openssh: [], pkcs8: ['-m', 'PKCS8'], pem: ['-m', 'PEM'] };

for (const [format, options] of Object.entries(FORMATS)) {
  t.test(`whether a key has a passphrase is seen in its file (${format})`, async (t) => {
    t.equal(isEncrypted(readFileSync(keyFile(t, '', ...options))), false);
    await t.test('with one', async (t) => {
      t.equal(isEncrypted(readFileSync(keyFile(t, 'hunter2', ...options))), true);
    });
  });
}

t.test('a named file is shown by itself; one with a passphrase is the agent’s', async (t) => {
  const plain = `${t.testdir()}/plain`;
  writeFileSync(plain, 'whatever');
  t.same(await readIdentity(plain, '/run/agent'), { privateKey: Buffer.from('whatever') });
  await t.test('locked', async (t) => {
    const locked = keyFile(t, 'hunter2');
    t.same(await readIdentity(locked, '/run/agent'), { agent: '/run/agent' });
    for (const none of [undefined, '']) {
      await t.rejects(readIdentity(locked, none), {
        code: 'SSH_CONNECT',
        message: /has a passphrase, and there is no ssh-agent/,
        hint: /ssh-add/,
      });
    }
  });
  await t.rejects(readIdentity('/nowhere/key', undefined), { code: 'SSH_CONNECT', message: /cannot read .*ENOENT/ });
});
