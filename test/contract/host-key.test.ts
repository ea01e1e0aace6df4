import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { HostConnection } from '../../lib/host/connection.js';
import { FINGERPRINT, HOST_KEY, sshServer } from './hostile-server.js';

t.test('whether a host may show its key is what known_hosts says', async (t) => {
  const home = t.testdir();
  let asked = 0;
  const settings = await sshServer(
    t,
    {
      authenticate: (context) => {
        asked += 1;
        context.accept();
      },
    },
    home,
  );
  mkdirSync(`${home}/.ssh`);
  process.env.HOME = home;
  const [type, base64] = HOST_KEY.public.split(' ');
  const open = async (lines: readonly string[], hostKey: string | null) => {
    writeFileSync(`${home}/.ssh/known_hosts`, lines.map((line) => `${line} ${type} ${base64}\n`).join(''));
    const shell = await HostConnection.open('host-a', { ...settings, hostKey });
    shell.close();
  };
  const refuses = async (lines: readonly string[], hostKey: string | null, message: RegExp) => {
    asked = 0;
    await t.rejects(open(lines, hostKey), { code: 'SSH_HOST_KEY', where: 'host-a', message });
    t.equal(asked, 0, 'nothing was sent to it');
  };

  await open([`[127.0.0.?]:${settings.port}`], null);
  t.ok(asked > 0, 'it was logged in to');
  await refuses(['127.0.0.1'], null, /known_hosts has none for it; nothing was sent/);
  await refuses([`*,![127.0.0.1]:${settings.port}`], null, /known_hosts has none for it/);
  await refuses(
    ['@cert-authority *'],
    null,
    /none for it but a certificate authority, and certificates are not looked at/,
  );
  await refuses(['*', '@revoked *'], null, /which known_hosts has as revoked/);
  await refuses(['@revoked host-z'], FINGERPRINT, /which known_hosts has as revoked/);
});
