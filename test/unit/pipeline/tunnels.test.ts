import fc from 'fast-check';
import t from 'tap';
import type { FieldName } from '../../../lib/openflow/field.js';
import { parseFlow, renderFlow } from '../../../lib/openflow/text.js';
import { parseValue } from '../../../lib/openflow/value.js';
import { fdbEntry } from '../../../lib/pipeline/fdb.js';
import { bridgeFlows } from '../../../lib/pipeline/flows.js';
import { redirectFlows } from '../../../lib/pipeline/redirect.js';
import { tableNumber } from '../../../lib/pipeline/tables.js';
import { acceptedAt, tunnelFlows } from '../../../lib/pipeline/tunnels.js';

const HOSTS = {
  IPv4: ['198.18.1.10', '198.18.2.10'],
  IPv6: ['fd00:18:1::10', 'fd00:18:2::10'],
} as const;

for (const [family, remotes] of Object.entries(HOSTS)) {
  const tunnels = remotes.map((remote) => ({ ofport: 9, remote }));
  const access = { network: [], sender: [], receiver: [] };
  const flows = bridgeFlows({ tunnels, locals: [], relays: false, vteps: [], carriers: [], access });
  const lines = flows.map((flow) => renderFlow(flow));

  t.test(
    `a port that leads to many (${family}): whom a bridge takes frames from is read back from its flows`,
    async (t) => {
      const dumped = lines.map(parseFlow);
      t.same(acceptedAt(dumped, 9), remotes);
      t.same(acceptedAt(dumped, 99), []);
      t.equal(
        lines.filter((line) => /priority=50,in_port=9 actions=drop/.test(line)).length,
        1,
        'and from nobody else',
      );
    },
  );

  t.test(`each flooded frame, and each that is sent ahead, names its far end (${family})`, async (t) => {
    const field = family === 'IPv4' ? 'tun_dst' : 'tun_ipv6_dst';
    const each = remotes.map((remote) => `set_field:${remote}->${field},output:9`).join(',');
    t.equal(lines.filter((line) => line.endsWith(` actions=${each}`)).length, 1);
    const [near, far] = tunnels;
    if (near === undefined || far === undefined) throw new Error('two tunnels');
    const ahead = redirectFlows('52:54:00:09:00:01', far).map((flow) => renderFlow(flow));
    t.match(ahead[1], `in_port=9,dl_dst=52:54:00:09:00:01 actions=set_field:${far.remote}->${field},IN_PORT`);
    t.match(ahead[2], `dl_dst=52:54:00:09:00:01 actions=set_field:${far.remote}->${field},output:9`);
  });
}

t.test('an entry of the forwarding table, as dumped and as it was told by a monitor', async (t) => {
  const entry = (actions: string) =>
    fdbEntry(parseFlow(`table=50, priority=1,dl_dst=02:00:00:00:00:09 actions=${actions}`));
  const mac = '02:00:00:00:00:09';
  const far = { mac, ofport: 9, remote: '198.18.2.10', isFar: true };
  t.same(entry('set_field:0x9/0xffff->reg1,set_field:0x2/0x2->reg0,set_field:198.18.2.10->tun_dst'), far);
  t.same(entry('load:0x9->NXM_NX_REG1[0..15],load:0x1->NXM_NX_REG0[1],load:0xc612020a->NXM_NX_TUN_IPV4_DST[]'), far);
  t.same(entry('set_field:0x9/0xffff->reg1,set_field:0x2/0x2->reg0,set_field:fd00::2->tun_ipv6_dst'), {
    ...far,
    remote: 'fd00::2',
  });
  t.same(entry('set_field:0x9/0xffff->reg1,set_field:0x2/0x2->reg0'), { ...far, remote: null });
  t.same(entry('set_field:0xc9/0xffff->reg1,set_field:0/0x2->reg0'), { mac, ofport: 201, remote: null, isFar: false });
  t.equal(entry('set_field:198.18.2.10->tun_dst'), null);
});

t.test('a late frame is turned towards every other host, and never back, by few flows', async (t) => {
  const turned = fc.property(fc.uniqueArray(fc.nat(0xffff), { minLength: 1, maxLength: 64 }), (hosts) => {
    const remotes = hosts.map((host) => `198.18.${host >> 8}.${host & 0xff}`);
    const turns = tunnelFlows(remotes.map((remote) => ({ ofport: 9, remote }))).filter(
      ({ table }) => table === tableNumber('deliver'),
    );
    const isTurned = (from: string, to: string) => {
      const ends = { tun_src: parseValue('tun_src', from), tun_dst: parseValue('tun_dst', to) };
      return turns.some(({ match: { fields } }) =>
        Object.entries(ends).every(([field, end]) => {
          const { value, mask } = fields.get(field as FieldName) ?? { value: 0n, mask: 0n };
          return (end & mask) === value;
        }),
      );
    };
    return (
      turns.length <= 2 * (remotes.length - 1) &&
      remotes.every((from) => remotes.every((to) => isTurned(from, to) === (from !== to)))
    );
  });
  t.doesNotThrow(() => fc.assert(turned));
});
