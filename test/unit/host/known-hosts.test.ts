import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { knownHost } from '../../../lib/host/known-hosts.js';

const missing = spawnSync('ssh-keygen', ['-?']).error === undefined ? false : 'ssh-keygen is not installed';

/** As sshd sends them and known_hosts holds them. */
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const OTHER = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ1S2ZrB1p3HhJx0mGvUQm9wqYqVbqf0mN4gXyq2xw0m';

function found(knownHosts: string, address = '192.0.2.7', port = 22): string[] {
  return knownHost(knownHosts, address, port).keys.map((key) => key.toString('base64'));
}

/** Each with names that it is asked for, some of which match: what the answer is says ssh-keygen -F. */
const LINES: readonly (readonly [names: string, asked: readonly string[]])[] = [
  ['host-a,192.0.2.7', ['host-a', '192.0.2.7', '192.0.2.70', 'host', 'host-a,192.0.2.7']],
  [
    '*.example.org',
    ['a.example.org', 'a.b.example.org', 'example.org', '.example.org', 'a.example.orgy', 'aXexample.org'],
  ],
  ['host-?', ['host-a', 'host-', 'host-ab', 'host-?']],
  ['HOST-B', ['host-b']],
  ['*,!host-c', ['host-a', 'host-c', '192.0.2.7', '[host-c]:2222']],
  ['!host-c,*', ['host-a', 'host-c']],
  ['!host-c', ['host-a', 'host-c']],
  ['*.example.org,!*.test.example.org', ['a.example.org', 'a.test.example.org']],
  ['[host-a]:2222', ['host-a', '[host-a]:2222', '[host-a]:22222']],
  ['[*.example.org]:2222', ['[a.example.org]:2222', '[a.example.org]:22', 'a.example.org']],
  ['[2001:db8::7]:2222,2001:db8::7', ['2001:db8::7', '[2001:db8::7]:2222']],
  ['[192.0.2.7]:*', ['[192.0.2.7]:2222', '192.0.2.7']],
  ['192.0.2.*', ['192.0.2.7', '192.0.20.7']],
  ['a**b*?', ['ab', 'abc', 'axxbyy', 'b']],
  ['a.b+(c)|d', ['a.b+(c)|d', 'axb+(c)|d', 'a.b']],
  ['', ['host-a']],
  ['#host-a', ['host-a', '#host-a']],
  ['|1|x', ['host-a', '|1|x', 'x']],
];

/** `[NAME]:PORT` is how such a host is asked for. */
function placeOf(name: string): readonly [string, number] {
  const [, address = name, port = '22'] = /^\[(.+)\]:(\d+)$/.exec(name) ?? [];
  return [address, Number(port)];
}

/** By ssh-keygen's own lights. */
function foundByOpenssh(t: Test, text: string, name: string): boolean {
  const file = `${t.testdir({ known_hosts: text })}/known_hosts`;
  return spawnSync('ssh-keygen', ['-F', name, '-f', file]).status === 0;
}

t.test('names match as they do for OpenSSH', { skip: missing }, async (t) => {
  const verdicts = new Set<boolean>();
  for (const [names, asked] of LINES) {
    for (const name of asked) {
      const text = `${names} ssh-ed25519 ${KEY} somebody\n`;
      const expected = foundByOpenssh(t, text, name);
      // `[NAME]:22` is never asked for: the port is left out then.
      if (!name.endsWith(']:22'))
        t.equal(found(text, ...placeOf(name)).length === 1, expected, `${name} in "${names}"`);
      verdicts.add(expected);
    }
  }
  t.equal(verdicts.size, 2, 'some of both kinds');
});

t.test('what ssh-keygen -H has hashed is found by its name only', { skip: missing }, async (t) => {
  const known = [`host-a,192.0.2.7 ssh-ed25519 ${KEY}\n`, `[192.0.2.7]:2222 ssh-ed25519 ${OTHER}\n`].join('');
  const file = `${t.testdir({ known_hosts: known })}/known_hosts`;
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
  rmSync(`${file}.old`);
  const text = readFileSync(file, 'utf8');
  t.notMatch(text, 'host-a');
  t.match(text, /^\|1\|/);
  t.strictSame(found(text), [KEY]);
  t.strictSame(found(text, 'host-a'), [KEY]);
  t.strictSame(found(text, 'HOST-A'), [KEY], 'names have no case');
  t.strictSame(found(text, '192.0.2.7', 2222), [OTHER]);
  t.strictSame(found(text, '192.0.2.8'), []);
  writeFileSync(file, text.replaceAll(/^\|1\|/gm, '|2|'));
  t.strictSame(found(readFileSync(file, 'utf8')), [], 'another kind of hash');
});

t.test('every key of a host counts, and that of a port is not that of another', async (t) => {
  t.strictSame(found(`192.0.2.7 ssh-ed25519 ${KEY}\r\n  192.0.2.*\tssh-ed25519\t${OTHER}\r\n`), [KEY, OTHER]);
  t.strictSame(found(`[192.0.2.7]:2222 ssh-ed25519 ${KEY}\n192.0.2.7 ssh-ed25519 ${OTHER}`), [OTHER]);
});

t.test('an authority is not trusted as a key, but told', async (t) => {
  const text = `@cert-authority *.example.org ssh-ed25519 ${KEY}\nhost-a.example.org ssh-ed25519 ${OTHER}\n`;
  t.strictSame(found(text, 'host-a.example.org'), [OTHER]);
  t.equal(knownHost(text, 'host-a.example.org', 22).hasAuthority, true);
  t.equal(knownHost(text, '192.0.2.7', 22).hasAuthority, false);
});

t.test('a revoked key is trusted by no line, whomever it is revoked for, and as no authority', async (t) => {
  const trusts = `192.0.2.7 ssh-ed25519 ${KEY}\n@cert-authority * ssh-ed25519 ${KEY}\n192.0.2.7 ssh-ed25519 ${OTHER}\n`;
  for (const names of ['*', '192.0.2.7', 'host-z', '*,!192.0.2.7']) {
    const text = `${trusts}@revoked ${names} ssh-ed25519 ${KEY}\n`;
    const { revoked, hasAuthority } = knownHost(text, '192.0.2.7', 22);
    t.strictSame(found(text), [OTHER], names);
    t.strictSame(revoked, [Buffer.from(KEY, 'base64')]);
    t.equal(hasAuthority, false);
  }
});

t.test('what is no entry is passed over', async (t) => {
  for (const line of [
    '192.0.2.7',
    `192.0.2.7 ${KEY}`,
    `192.0.2.7 ssh-rsa ${KEY}`,
    '192.0.2.7 ssh-ed25519 !',
    '192.0.2.7 ssh-ed25519',
    `@revoked`,
    `@trusted 192.0.2.7 ssh-ed25519 ${KEY}`,
    `@cert-authority @revoked 192.0.2.7 ssh-ed25519 ${KEY}`,
    `# 192.0.2.7 ssh-ed25519 ${KEY}`,
    '192.0.2.7 1024 65537 12345678901234567890',
  ]) {
    t.strictSame(found(`${line}\n`), [], line);
  }
});
