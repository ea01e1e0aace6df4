import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ENCAPSULATIONS } from '../../../lib/model/encapsulation.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { probePath } from '../../../lib/model/probe-path.js';
import { generateTypes } from '../../../lib/topology/generate-types.js';
import { parseTopology, readTopology } from '../../../lib/topology/read.js';
import { SCHEMA_URL, schemaText } from '../../../lib/topology/schema.js';
import { SAMPLE, USUAL_MIGRATION } from './sample.js';

t.test('every topology of the package is right, and each of its probes has a way to run', async (t) => {
  const folder = new URL('../../topologies/', SCHEMA_URL);
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  t.ok(names.length >= 4);
  for (const name of names) {
    const { topology, remarks, source } = await readTopology(fileURLToPath(new URL(name, folder)));
    t.equal(`${topology.name}.yaml`, name);
    t.same(remarks, []);
    t.match(source, /^# yaml-language-server: \$schema=\.\.\/lib\/topology\/schema\.json\n/);
    for (const probe of topology.probes) t.ok(probePath(topology, probe), `${name}: ${probe.from.name} → ${probe.to}`);
  }
});

t.test('file.ts is what the schema generates', async (t) => {
  t.equal(readFileSync(new URL('file.ts', SCHEMA_URL), 'utf8'), await generateTypes(SCHEMA_URL, 'TopologyFile'));
});

t.test('every key of the schema has a description, for editors', async (t) => {
  const undescribed: string[] = [];
  const visit = (schema: SchemaPart, path: string): void => {
    for (const [key, part] of Object.entries(schema.properties ?? {})) {
      if (part.description === undefined) undescribed.push(`${path}.${key}`);
      visit(part, `${path}.${key}`);
    }
    for (const [key, part] of Object.entries(schema.definitions ?? {})) visit(part, key);
  };
  visit(JSON.parse(schemaText()) as SchemaPart, '');
  t.same(undescribed, []);
});

interface SchemaPart {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly definitions?: Readonly<Record<string, SchemaPart>>;
}

t.test('defaults are filled in and units are brought into one form', async (t) => {
  const topology = parseTopology(SAMPLE, 'test.yaml');
  t.same(topology.underlay[0], { name: 'left', cidrs: ['198.18.1.0/24'], mtu: 1500, rate: null, delayMs: null });
  t.same(topology.hosts[0], {
    name: 'host-a',
    underlay: 'left',
    addresses: ['198.18.1.10'],
    ssh: null,
    datapath: null,
  });
  t.same(topology.networks[1], {
    name: 'green',
    encapsulation: ENCAPSULATIONS[0],
    vni: 5002,
    cidrs: ['10.9.0.0/24'],
    mtu: 1450,
    mesh: { kind: 'full' },
    acl: [],
  });
  t.same(topology.vms[0], {
    name: 'web',
    host: 'host-a',
    memoryBytes: 128 * 2 ** 20,
    vcpus: 1,
    source: {
      kind: 'image',
      image: { kind: 'micro' },
      machine: { cpu: null, machine: null, firmware: 'bios', sshKeys: [] },
    },
    disks: [],
    nics: [
      {
        network: 'blue',
        mac: '52:54:00:09:00:01',
        addresses: ['10.9.0.1/24'],
        allow: { any: false, macs: [], prefixes: [], dhcpServer: false, routerAdvertisements: false, vlan: false },
      },
    ],
    acl: [],
    migration: USUAL_MIGRATION,
  });
  t.same(topology.probes, [{ from: { kind: 'host', name: 'host-b' }, to: 'web', intervalMs: 10 }]);
});

t.test('what is written wins over the defaults', async (t) => {
  const text = SAMPLE.replace(
    'left: {cidr: 198.18.1.0/24}',
    'left: {cidr: [198.18.1.0/24, "FD00:0001::/64"], mtu: 9000, rate: 100mbit, delay: 1.5s}',
  )
    .replace('right: {cidr: 198.18.2.0/24}', 'right: {cidr: 198.18.2.0/24, mtu: 1600}')
    .replace('address: 198.18.1.10', 'address: [198.18.1.10, "FD00:0001::0010"], datapath: netdev')
    .replace('green: {', 'green: {mesh: {hub: host-b}, ')
    .replace(
      'image: micro',
      'domain: legacy\n    memory: 1GiB\n    vcpus: 2\n' +
        '    migration: {strategy: post-copy, bandwidth: 64MiB, timeout: 5m}',
    )
    .replace('52:54:00:09:00:01', '52:54:00:09:00:AB')
    .replace('to: web', 'to: web, interval: 1s');
  const topology = parseTopology(text, 'test.yaml');
  t.same(topology.underlay[0], {
    name: 'left',
    cidrs: ['198.18.1.0/24', 'fd00:1::/64'],
    mtu: 9000,
    rate: '100mbit',
    delayMs: 1500,
  });
  t.match(topology.hosts[0], { addresses: ['198.18.1.10', 'fd00:1::10'], datapath: 'netdev' });
  t.match(topology.networks[1], { mtu: 1550, mesh: { kind: 'hub', hub: 'host-b' } });
  t.match(topology.vms[0], {
    memoryBytes: 2 ** 30,
    vcpus: 2,
    source: { kind: 'domain', domain: 'legacy' },
    migration: { ...USUAL_MIGRATION, strategy: 'post-copy', bandwidthBytesPerSecond: 2 ** 26, timeoutMs: 300_000 },
    nics: [{ mac: '52:54:00:09:00:ab' }],
  });
  t.equal(topology.probes[0]?.intervalMs, 1000);
});

t.test('a mesh may go by one port for all', async (t) => {
  const topology = parseTopology(SAMPLE.replace('green: {', 'green: {mesh: flow, '), 'test.yaml');
  t.same(topology.networks[1]?.mesh, { kind: 'flow' });
});

t.test('a hub may be written as a map or as a text', async (t) => {
  for (const mesh of ['{hub: host-b}', '"hub: host-b"']) {
    const topology = parseTopology(SAMPLE.replace('green: {', `green: {mesh: ${mesh}, `), 'test.yaml');
    t.same(topology.networks[1]?.mesh, { kind: 'hub', hub: 'host-b' });
  }
});

t.test('real machines are reached as root at their VTEP unless the file says more', async (t) => {
  const real = SAMPLE.replace('lab: {}\n', '').replace(
    '198.18.2.10}',
    '198.18.2.10, ssh: {address: b.example, port: 2222, hostKey: "SHA256:x"}}',
  );
  const topology = parseTopology(real, 'test.yaml');
  t.equal(topology.lab, null);
  t.same(topology.hosts[0]?.ssh, {
    address: '198.18.1.10',
    port: 22,
    user: 'root',
    identityFile: null,
    hostKey: null,
    assumed: ['port', 'user'],
  });
  t.same(topology.hosts[1]?.ssh, {
    address: 'b.example',
    port: 2222,
    user: 'root',
    identityFile: null,
    hostKey: 'SHA256:x',
    assumed: ['user'],
  });
});

t.test('keys that have no effect are remarked upon, not refused', async (t) => {
  const folder = t.testdir({
    'lab.yaml': SAMPLE.replace('198.18.2.10}', '198.18.2.10, ssh: {user: root}}'),
    'real.yaml': SAMPLE.replace('lab: {}\n', '').replace('cidr: 198.18.1.0/24', 'cidr: 198.18.1.0/24, delay: 20ms'),
  });
  const lab = await readTopology(`${folder}/lab.yaml`);
  t.match(lab.remarks, [{ line: 9, column: 51, message: '`ssh` is not used in a lab' }]);
  t.equal(lab.topology.hosts[1]?.ssh, null);
  const real = await readTopology(`${folder}/real.yaml`);
  t.match(real.remarks, [{ line: 4, column: 31, message: '`delay` is not used on real machines' }]);
  t.equal(real.topology.underlay[0]?.delayMs, null);
});

t.test('a file that cannot be read', async (t) => {
  const folder = t.testdir({ 'huge.yaml': '#'.repeat(2 ** 20 + 1) });
  await t.rejects(readTopology(`${folder}/none.yaml`), { code: 'NOT_FOUND', message: /there is no such file/ });
  await t.rejects(readTopology(folder), { code: 'NOT_FOUND', message: /is a directory/ });
  await t.rejects(readTopology(`${folder}/huge.yaml`), { code: 'TOPOLOGY_INVALID', message: /larger than 1 MiB/ });
});

t.test('a file that is no text, or has no end', async (t) => {
  const folder = t.testdir();
  const write = (name: string, bytes: Buffer) => writeFileSync(`${folder}/${name}`, bytes);
  write('latin1.yaml', Buffer.from(SAMPLE.replace('name: sample', 'name: sample # déjà'), 'latin1'));
  write('utf16.yaml', Buffer.from(`\ufeff${SAMPLE}`, 'utf16le'));
  write('cut.yaml', Buffer.from(`${SAMPLE}# é`).subarray(0, -1));
  await t.rejects(readTopology(`${folder}/latin1.yaml`), { where: /latin1.yaml:2:17$/, message: /not UTF-8 \(save/ });
  await t.rejects(readTopology(`${folder}/utf16.yaml`), { where: /:1:1$/, message: /the file is UTF-16/ });
  await t.rejects(readTopology(`${folder}/cut.yaml`), { where: /:24:3$/, message: /not UTF-8/ });
  await t.rejects(readTopology('/dev/zero'), { code: 'TOPOLOGY_INVALID', message: /larger than 1 MiB/ });
  await t.rejects(readTopology('/dev/null'), { code: 'TOPOLOGY_INVALID', message: /the file is empty/ });
});

t.test('the error carries every problem, its first place and a line for each', async (t) => {
  const text = SAMPLE.replace('vni: 5002', 'vni: 5001').replace('to: web', 'to: wbe');
  try {
    parseTopology(text, 'bad.yaml');
    t.fail('accepted');
  } catch (error) {
    t.type(error, VxmigError);
    t.match(error, {
      code: 'TOPOLOGY_INVALID',
      where: 'bad.yaml:12:16',
      source: text,
      problems: [{ line: 12 }, { line: 23 }],
    });
    t.equal(
      (error as Error).message,
      'bad.yaml:12:16: VNI 5001 is network blue’s already (give each network its own)\n' +
        'bad.yaml:23:24: there is no VM wbe (did you mean `web`?)',
    );
  }
});

t.test('what is left out of an access rule', async (t) => {
  const acl = (rules: string) => SAMPLE.replace('image: micro', `image: micro\n    acl: [${rules}]`);
  const ends = (rules: string) => parseTopology(acl(rules), 'test.yaml').vms[0]?.acl.map(({ from, to }) => [from, to]);
  const web = { kind: 'vm', name: 'web' };
  const any = { kind: 'any' };
  const host = { kind: 'host', name: 'host-b' };
  t.same(ends('{action: deny}'), [[any, web]], 'of a VM: what anybody sends to it');
  t.same(ends('{from: host-b, action: deny}'), [[host, web]]);
  t.same(ends('{to: host-b, action: deny}'), [[web, host]]);
  t.same(ends('{from: web, action: deny}'), [[web, any]]);
  t.same(ends('{to: web, action: deny}'), [[any, web]]);
  const [blue] = parseTopology(
    SAMPLE.replace('mtu: 1450', 'acl: [{to: web, port: 80-90, protocol: tcp, action: allow}]'),
    'x',
  ).networks;
  t.same(blue?.acl, [{ from: any, to: web, protocol: 'tcp', ports: { first: 80, last: 90 }, action: 'allow' }]);
});

t.test('what a NIC is allowed', async (t) => {
  const text = SAMPLE.replace(
    'address: 10.9.0.1/24}]\n  db',
    'allow: [dhcp-server, "02:00:00:00:00:0A", 10.9.0.77, 10.9.0.128/25]}]\n  db',
  ).replace('from: host-b, to: web', 'from: host-b, to: db');
  t.same(parseTopology(text, 'test.yaml').vms[0]?.nics[0]?.allow, {
    any: false,
    macs: ['02:00:00:00:00:0a'],
    prefixes: ['10.9.0.77/32', '10.9.0.128/25'],
    dhcpServer: true,
    routerAdvertisements: false,
    vlan: false,
  });
});
