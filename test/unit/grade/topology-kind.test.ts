import fc from 'fast-check';
import t from 'tap';
import { gradeTopology } from '../../../lib/grade/grade-topology.js';
import type { Wanted } from '../../../lib/grade/rubric.js';
import type { GradedCheck } from '../../../lib/model/grade.js';
import type { Topology } from '../../../lib/model/topology.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { scene } from '../plan/arbitrary-topology.js';
import { SAMPLE, sampleWith } from '../topology/sample.js';
import { checkNamed } from './sample.js';

const REFERENCE = parseTopology(SAMPLE, 'reference.yaml');

function graded(
  wanted: Wanted<'topology'>,
  {
    text = SAMPLE,
    reference = REFERENCE,
    negative = false,
  }: { text?: string; reference?: Topology; negative?: boolean } = {},
): GradedCheck | undefined {
  const check = {
    ...checkNamed('a', { credit: { kind: 'ratio' }, negative, pointsHundredths: 1000 }),
    kind: 'topology',
    wanted,
  } as const;
  return gradeTopology(
    { name: 'made-up', reference, checks: [check] },
    parseTopology(text, 'answer.yaml'),
    'answer.yaml',
  ).checks[0];
}

t.test('the reference is as the reference, in another order and spelling too', async (t) => {
  t.match(graded('reference'), { status: 'passed', score: 10 });
  const text = sampleWith('52:54:00:09:00:01', '52:54:00:09:00:01'.toUpperCase())
    .replace(
      'blue: {vni: 5001, cidr: 10.9.0.0/24, mtu: 1450}\n  green: {vni: 5002, cidr: 10.9.0.0/24}',
      'green: {vni: 5002, cidr: [10.9.0.0/24]}\n  blue: {vni: 5001, cidr: 10.9.0.0/24}',
    )
    .replace('image: micro', 'image: micro\n    memory: 128MiB');
  t.match(graded('reference', { text }), { status: 'passed' });
});

t.test('each difference is a fact, with what was seen and expected', async (t) => {
  const differing: readonly (readonly [old: string, replacement: string, fact: string])[] = [
    ['vni: 5001', 'vni: 5009', '[no] `vni` of network blue: 5009 (expected: 5001)'],
    ['mtu: 1450', 'mtu: 1400', '[no] `mtu` of network blue: 1400 (expected: 1450)'],
    ['vni: 5002', 'vni: 5002, mesh: {hub: host-a}', '[no] `mesh` of network green: hub: host-a (expected: full)'],
    ['198.18.2.10', '198.18.2.99', '[no] `address` of host host-b: 198.18.2.99 (expected: 198.18.2.10)'],
    ['host: host-a', 'host: host-b', '[no] `host` of VM web: host-b (expected: host-a)'],
    [
      '"52:54:00:09:00:01", address: 10.9.0.1/24',
      '"52:54:00:09:00:01", address: 10.9.0.1/24, allow: [vlan, 10.9.0.9]',
      '[no] `nics` of VM web: blue 52:54:00:09:00:01 10.9.0.1/24 allow 10.9.0.9/32, vlan (expected: blue ' +
        '52:54:00:09:00:01 10.9.0.1/24)',
    ],
    [
      '52:54:00:09:00:02',
      '52:54:00:09:00:77',
      '[no] `nics` of VM db: green 52:54:00:09:00:77 10.9.0.1/24 (expected: green 52:54:00:09:00:02 10.9.0.1/24)',
    ],
    [
      '{from: host-b, to: web}',
      '{from: host-a, to: web}',
      '[no] probes: host-a → web, every 10ms (expected: host-b → web, every 10ms)',
    ],
    [
      'right: {cidr: 198.18.2.0/24}',
      'right: {cidr: 198.18.2.0/24, delay: 20ms}',
      '[no] `delay` of segment right: 20ms (expected: none)',
    ],
    [
      'vni: 5002',
      'vni: 5002, acl: [{protocol: tcp, port: 80, action: deny}]',
      '[no] `acl` of network green: deny tcp port 80-80 from any to any (expected: what passes is the same as ' +
        'by none, so tcp port 80 from db to host-a passes, tcp port 80 from db to host-b passes, tcp port 80 ' +
        'from db to 192.0.2.1 passes, and 9 more)',
    ],
  ];
  for (const [old, replacement, fact] of differing) {
    const check = graded('reference', { text: sampleWith(old, replacement) });
    t.match(check, { status: 'failed' });
    t.equal(check?.output.split('\n')[0], fact);
  }
});

t.test('access rules are as in the reference where they let the same through, however they are written', async (t) => {
  const acl = (rules: string) => sampleWith('mtu: 1450}', `mtu: 1450, acl: [${rules}]}`);
  const right = parseTopology(acl('{from: 10.9.0.128/25, action: deny}'), 'reference.yaml');
  const wanted = { networks: { blue: { acl: 'reference' } } };
  const halves = '{from: 10.9.0.192/26, action: deny}, {from: 10.9.0.128/26, action: deny}';
  t.match(graded(wanted, { text: acl(halves), reference: right }), { status: 'passed' });
  const icmp = graded(wanted, { text: acl('{from: 10.9.0.128/25, protocol: icmp, action: deny}'), reference: right });
  t.match(icmp, {
    status: 'failed',
    output: /^\[no\] `acl` of network blue: deny icmp .* does not, .* more\)$/,
  });
});

t.test('what is missing or too much', async (t) => {
  const text = SAMPLE.replace(
    '  green: {vni: 5002, cidr: 10.9.0.0/24}\n',
    '  red: {vni: 7, cidr: 10.9.0.0/24}\n',
  ).replace('network: green', 'network: red');
  const check = graded({ networks: 'reference' }, { text });
  t.match(check?.output, '[no] networks: blue, red (expected: blue, green)');
  t.match(check?.output, '[no] `vni` of network green: there is no network green (expected: 5002)');
  t.match(graded({ networks: { red: 'absent' } }, { text }), { status: 'failed' });
  t.match(graded({ networks: { red: 'absent', blue: 'present' } }), { status: 'passed', score: 10 });
  t.match(
    graded({ networks: ['vni'] }, { text: sampleWith('  blue:', '  red: {vni: 7, cidr: 10.9.1.0/24}\n  blue:') }),
    { status: 'passed' },
  );
});

t.test('values of the rubric’s own, and ranges with their ends', async (t) => {
  const range = (atLeast: number, atMost: number) => graded({ networks: { blue: { mtu: { atLeast, atMost } } } });
  t.match(range(1450, 1450), { status: 'passed' });
  t.match(range(1451, 1500), {
    status: 'failed',
    output: '[no] `mtu` of network blue: 1450 (expected: at least 1451 and at most 1500)',
  });
  t.match(range(1000, 1449), { status: 'failed' });
  t.match(graded({ vms: { web: { host: 'host-a', memory: '128MiB', vcpus: 1, source: 'image:micro' } } }), {
    status: 'passed',
  });
  t.match(graded({ vms: { web: { nics: [{ network: 'blue', mac: '52:54:00:09:00:01', address: '10.9.0.1/24' }] } } }), {
    status: 'passed',
  });
  t.match(graded({ vms: { web: { nics: [{ network: 'blue', address: '10.9.0.2/24' }] } } }), { status: 'failed' });
  t.match(graded({ probes: [{ from: 'host-b', to: 'web', interval: '0.01s' }] }), { status: 'passed' });
  t.match(graded({ probes: [{ from: 'host-b', to: 'web', interval: '1s' }] }), { status: 'failed' });
});

t.test('to leave a thing out does not pass a negative check of it', async (t) => {
  const wanted = { networks: { green: { vni: 5001 } } };
  t.match(graded(wanted, { negative: true }), { status: 'passed' });
  const text = SAMPLE.replace('  green: {vni: 5002, cidr: 10.9.0.0/24}\n', '')
    .replaceAll('network: green', 'network: blue')
    .replace('"52:54:00:09:00:02", address: 10.9.0.1/24', '"52:54:00:09:00:02", address: 10.9.0.2/24');
  t.match(graded(wanted, { text, negative: true }), { status: 'failed', output: /there is no network green/ });
  t.match(graded({ vms: { web: { nics: [{ network: 'green' }] } } }, { negative: true }), { status: 'failed' });
});

t.test('any topology is as itself', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(scene, ({ topology }) => {
        const check = { ...checkNamed('a'), kind: 'topology', wanted: 'reference' } as const;
        return gradeTopology({ name: 'made-up', reference: topology, checks: [check] }, topology, 'itself').score === 1;
      }),
      { numRuns: 50 },
    ),
  );
});
