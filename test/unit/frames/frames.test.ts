import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { announceFrames } from '../../../lib/frames/announce.js';
import { gratuitousArp, rarpAnnouncement } from '../../../lib/frames/arp.js';
import { toHex } from '../../../lib/frames/frame.js';
import { internetChecksum, neighbourAdvertisement } from '../../../lib/frames/neighbour-advertisement.js';

const MAC = '52:54:00:09:00:01';

t.test('RARP is the frame that QEMU announces guests with', (t) => {
  const head = 'ffffffffffff 525400090001 8035 0001 0800 06 04 0003 525400090001 00000000 525400090001 00000000';
  t.equal(toHex(rarpAnnouncement(MAC)), head.replaceAll(' ', '').padEnd(120, '0'));
  t.end();
});

t.test('gratuitous ARP: request as in RFC 5227, reply as in RFC 5944', (t) => {
  const request = 'ffffffffffff 525400090001 0806 0001 0800 06 04 0001 525400090001 0a090001 000000000000 0a090001';
  t.equal(toHex(gratuitousArp(MAC, '10.9.0.1')), request.replaceAll(' ', '').padEnd(120, '0'));
  const reply = 'ffffffffffff 525400090001 0806 0001 0800 06 04 0002 525400090001 0a090001 525400090001 0a090001';
  t.equal(toHex(gratuitousArp(MAC, '10.9.0.1', 'reply')), reply.replaceAll(' ', '').padEnd(120, '0'));
  t.end();
});

t.test('neighbour advertisement', (t) => {
  const frame = neighbourAdvertisement(MAC, 'fd00:9::1');
  const address = 'fd000009000000000000000000000001';
  const expected =
    `333300000001 525400090001 86dd 60000000 0020 3a ff ${address} ff020000000000000000000000000001` +
    ` 88 00 ???? 20000000 ${address} 02 01 525400090001`;
  const hex = toHex(frame);
  t.match(hex, new RegExp(`^${expected.replaceAll(' ', '').replaceAll('?', '[0-9a-f]')}$`));
  const message = [...frame.subarray(54)];
  const pseudo = [...frame.subarray(22, 54), 0, 0, 0, 32, 0, 0, 0, 58];
  t.equal(internetChecksum([...pseudo, ...message]), 0, 'a right checksum makes the sum zero');
  t.equal(neighbourAdvertisement(MAC, 'fd00:9::1', { isRouter: true })[58], 0xa0);
  t.end();
});

t.test('the checksum of RFC 1071 §3', (t) => {
  t.equal(internetChecksum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), ~0xddf2 & 0xffff);
  t.end();
});

t.test('checksums hold for every address', (t) => {
  const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const frame = neighbourAdvertisement(MAC, groups.join(':'));
      const pseudo = [...frame.subarray(22, 54), 0, 0, 0, 32, 0, 0, 0, 58];
      return internetChecksum([...pseudo, ...frame.subarray(54)]) === 0;
    }),
  );
  t.end();
});

t.test('one round for a NIC', (t) => {
  const round = announceFrames({ mac: MAC, addresses: ['10.9.0.1/24', 'fd00:9::1/64', '10.9.0.2'] });
  t.same(
    round.map(({ kind }) => kind),
    ['rarp', 'garp', 'na', 'garp'],
  );
  t.throws(() => announceFrames({ mac: MAC, addresses: ['10.9.0/24'] }), { name: 'RangeError' });
  t.throws(() => announceFrames({ mac: '52:54:00:09:00', addresses: [] }), { name: 'RangeError' });
  t.end();
});

const hasTshark = spawnSync('tshark', ['--version']).status === 0;

t.test('Wireshark reads them the same way', { skip: hasTshark ? false : 'tshark is not installed' }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'vxmig-frames-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const capture = join(directory, 'frames.pcap');
  const frames = [
    rarpAnnouncement(MAC),
    gratuitousArp(MAC, '10.9.0.1'),
    gratuitousArp(MAC, '10.9.0.1', 'reply'),
    neighbourAdvertisement(MAC, 'fd00:9::1'),
  ];
  writeFileSync(capture, pcap(frames));
  const fields = ['eth.type', 'arp.opcode', 'arp.src.hw_mac', 'arp.isgratuitous', 'arp.src.proto_ipv4'];
  const fields6 = [
    'icmpv6.checksum.status',
    'icmpv6.nd.na.flag.o',
    'icmpv6.nd.na.target_address',
    'icmpv6.opt.linkaddr',
  ];
  const argv = ['-r', capture, '-T', 'fields', '-E', 'separator=|'];
  for (const field of [...fields, ...fields6, '_ws.malformed']) argv.push('-e', field);
  const lines = execFileSync('tshark', argv, { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trimEnd()
    .split('\n')
    // Versions of Wireshark differ in how they write a number of 16 bits and a boolean.
    .map((line) => line.replace(/^0x(0000)?/, '').replaceAll('True', '1'));
  t.same(lines, [
    `8035|3|${MAC}||0.0.0.0|||||`,
    `0806|1|${MAC}|1|10.9.0.1|||||`,
    `0806|2|${MAC}|1|10.9.0.1|||||`,
    `86dd|||||1|1|fd00:9::1|${MAC}|`,
  ]);
  t.end();
});

/** A classic pcap file, link type 1 (Ethernet). */
function pcap(frames: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(1, 20);
  const records = frames.map((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}
