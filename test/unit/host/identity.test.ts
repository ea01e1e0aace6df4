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

const named = (identityFile: string) => ({ identityFile });

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
  t.same(await readIdentity(named(plain), '/run/agent'), { privateKeys: [Buffer.from('whatever')], locked: [] });
  await t.test('locked', async (t) => {
    const locked = keyFile(t, 'hunter2');
    t.same(await readIdentity(named(locked), '/run/agent'), { privateKeys: [], agent: '/run/agent', locked: [locked] });
    for (const none of [undefined, '']) {
      await t.rejects(readIdentity(named(locked), none), {
        code: 'SSH_CONNECT',
        message: /has a passphrase, and there is no ssh-agent/,
        hint: /ssh-add/,
      });
    }
  });
  await t.rejects(readIdentity(named('/nowhere/key'), undefined), {
    code: 'SSH_CONNECT',
    message: /cannot read .*ENOENT/,
  });
});

t.test('of the usual files those with a passphrase are passed over, and named for whoever is not let in', async (t) => {
  const home = t.testdir({ '.ssh': {} });
  process.env.HOME = home;
  const make = (name: string, passphrase: string) =>
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', `${home}/.ssh/${name}`]);
  make('id_ed25519', 'hunter2');
  make('id_rsa', '');
  t.same(await readIdentity({ identityFile: null }, undefined), {
    privateKeys: [readFileSync(`${home}/.ssh/id_rsa`)],
    locked: [`${home}/.ssh/id_ed25519`],
  });
});

t.test('what ~/.ssh/config names is shown in its order; only that, where it says so', async (t) => {
  const directory = t.testdir({});
  const make = (name: string, passphrase: string) =>
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', `${directory}/${name}`]);
  make('a', '');
  make('locked', 'hunter2');
  const client = (files: readonly string[], given: object = {}) => ({
    identityFile: null,
    client: {
      identityFiles: files.map((file) => `${directory}/${file}`),
      identitiesOnly: false,
      agent: '/run/agent',
      hostKeyAlias: null,
      jumps: [],
      unsupported: [],
      ...given,
    },
  });
  const blob = (name: string) =>
    Buffer.from(readFileSync(`${directory}/${name}.pub`, 'utf8').split(' ')[1] ?? '', 'base64');
  const [key, locked] = [readFileSync(`${directory}/a`), [`${directory}/locked`]];
  t.same(await readIdentity(client(['none', 'a', 'locked']), '/run/other'), {
    privateKeys: [key],
    agent: '/run/agent',
    locked,
  });
  t.same(await readIdentity(client(['a', 'locked'], { identitiesOnly: true }), undefined), {
    privateKeys: [key],
    agent: '/run/agent',
    agentKeys: [blob('a'), blob('locked')],
    locked,
  });
  t.same(await readIdentity(client(['locked.pub'], { identitiesOnly: true }), undefined), {
    privateKeys: [],
    agent: '/run/agent',
    agentKeys: [blob('locked')],
    locked: [],
  });
  await t.rejects(readIdentity(client(['locked'], { agent: null }), '/run/other'), {
    message: /has a passphrase, and there is no ssh-agent/,
  });
  await t.rejects(readIdentity(client(['nowhere'], { agent: null }), undefined), {
    message: /none of the identity files that ~\/.ssh\/config names can be read/,
  });
});
