import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { observeDomain, observeDomains } from '../../../lib/compute/libvirt/domains.js';
import { LibvirtConnection, LibvirtError } from '../../../lib/compute/libvirt/protocol/connection.js';
import { Libvirt } from '../../../lib/compute/libvirt/protocol/domains.js';
import { XdrReader, XdrWriter } from '../../../lib/compute/libvirt/protocol/xdr.js';
import type { HostShell } from '../../../lib/host/connection.js';
import { CommandError, VxmigError } from '../../../lib/model/errors.js';

const WITH_VMS = { hasVms: true, libvirtFiles: Promise.resolve([]) };

/** A socket whose other end behaves as told. */
async function socketTo(t: Test, behave: (socket: Socket) => void): Promise<Socket> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    behave(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  t.teardown(() => {
    socket.destroy();
    server.close();
  });
  return socket;
}

function reply(serial: number, status: number, payload: Buffer): Buffer {
  const header = [28 + payload.length, 0x20008086, 1, 66, 1, serial, status];
  return Buffer.concat([header.reduce((writer, word) => writer.uint(word), new XdrWriter()).bytes(), payload]);
}

/** A message with another word in its header. */
function withWord(message: Buffer, at: number, word: number): Buffer {
  message.writeUInt32BE(word, at);
  return message;
}

t.test('what is written in XDR is read again', async (t) => {
  const values = fc.tuple(fc.nat(2 ** 32 - 1), fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 20 }));
  fc.assert(
    fc.property(values, ([number, text, bytes]) => {
      const message = new XdrWriter().uint(number).string(text).fixed(Buffer.from(bytes)).uint(7).bytes();
      t.equal(message.length % 4, 0);
      const reader = new XdrReader(message);
      return (
        reader.uint() === number &&
        reader.string() === text &&
        reader.fixed(bytes.length).equals(bytes) &&
        reader.int() === 7
      );
    }),
  );
  t.equal(new XdrReader(new XdrWriter().uint(0xffffffff).bytes()).int(), -1);
  t.throws(() => new XdrReader(Buffer.from([0, 0, 0, 9, 1, 2, 3, 4])).string(), RangeError);
  t.throws(() => new XdrReader(Buffer.alloc(3)).uint(), RangeError);
});

t.test('answers in pieces, out of order, and among what nobody has asked for', async (t) => {
  const event = Buffer.from(reply(0, 0, Buffer.alloc(8)));
  event.writeUInt32BE(2, 16);
  const stream = await socketTo(t, (socket) => {
    let heard = 0;
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.length;
      if (heard < 2 * 28) return;
      const answers = Buffer.concat([
        reply(2, 0, new XdrWriter().string('second').bytes()),
        event,
        reply(1, 0, new XdrWriter().string('first').bytes()),
      ]);
      for (const byte of answers) socket.write(Buffer.from([byte]));
    });
  });
  const connection = new LibvirtConnection(stream);
  const answers = await Promise.all([connection.call(66), connection.call(66)]);
  t.strictSame(
    answers.map((answer) => answer.string()),
    ['first', 'second'],
  );
});

t.test('a refusal has the number and the words of the daemon', async (t) => {
  const words = new XdrWriter().uint(42).uint(10).uint(1).string('no such domain').bytes();
  const stream = await socketTo(t, (socket) => socket.on('data', () => socket.write(reply(1, 1, words))));
  await t.rejects(new LibvirtConnection(stream).call(66), {
    name: 'LibvirtError',
    code: 42,
    message: 'no such domain',
  });
});

t.test('a daemon that is none', async (t) => {
  for (const [what, bytes] of [
    ['speaks something else', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['sends what is too short', Buffer.from([0, 0, 0, 4])],
    ['sends half an error', reply(1, 1, Buffer.from([0, 0]))],
    ['answers what it was not asked', withWord(reply(1, 0, Buffer.alloc(4)), 12, 67)],
    ['speaks another program', withWord(reply(1, 0, Buffer.alloc(4)), 4, 0x6b656570)],
    ['speaks another version of it', withWord(reply(1, 0, Buffer.alloc(4)), 8, 2)],
  ] as const) {
    const stream = await socketTo(t, (socket) => socket.once('data', () => socket.end(bytes)));
    await t.rejects(new LibvirtConnection(stream).call(66), LibvirtError, what);
  }
  const silent = await socketTo(t, (socket) => socket.once('data', () => socket.destroy()));
  const connection = new LibvirtConnection(silent);
  await t.rejects(connection.call(66), LibvirtError);
  await t.rejects(connection.call(66), LibvirtError, 'and nothing more is asked of it');
});

t.test('where the socket cannot be had, or is not understood, virsh is asked', async (t) => {
  const uuid = '9f6b0c4e-7a51-8d20-b3f5-0123456789ab';
  const answer =
    'running (booted)\n\nPersistent:     yes\n<domain ' + "type='qemu'/>\n=== live definition\n<domain type='qemu'/>";
  const host = (openSocket: HostShell['openSocket']): HostShell => ({
    name: 'host-a',
    run: async (argv) => ({
      stdout:
        argv[0] === 'sh' ? `=== vxmig domains\n ${uuid} web\n=== vxmig ${uuid}\n${answer}\n=== vxmig end\n` : answer,
      stderr: '',
      exitCode: 0,
    }),
    openSocket,
    follow: () => Promise.reject(new Error('not asked for')),
    converse: () => Promise.reject(new Error('not asked for')),
    close: () => undefined,
  });
  const shells = [
    host(() => Promise.reject(new VxmigError('SSH_CONNECT', 'administratively prohibited'))),
    host(() => socketTo(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))),
  ];
  for (const shell of shells) {
    t.match(await observeDomains(shell, WITH_VMS), [{ name: 'web', state: 'running', xml: "<domain type='qemu'/>" }]);
    t.match(await observeDomain(shell, 'web'), { state: 'running' });
  }
  await t.rejects(
    observeDomains(
      host(() => Promise.reject(new TypeError('a bug'))),
      WITH_VMS,
    ),
    TypeError,
  );
});

t.test('where there is no libvirt, that is a fault only of a host that is to have VMs', async (t) => {
  const failing: HostShell = {
    name: 'host-a',
    run: async (argv) => {
      throw new CommandError('host-a', argv, 1, 'error: Failed to connect socket');
    },
    openSocket: () => Promise.reject(new VxmigError('SSH_CONNECT', 'open failed')),
    follow: () => Promise.reject(new Error('not asked for')),
    converse: () => Promise.reject(new Error('not asked for')),
    close: () => undefined,
  };
  const seen = (hasVms: boolean, files: readonly string[]) =>
    observeDomains(failing, { hasVms, libvirtFiles: Promise.resolve(files) });
  t.same(await seen(false, []), [], 'a VTEP and nothing else');
  await t.rejects(seen(true, []), { code: 'HOST_UNFIT', where: 'host-a' });
  for (const hasVms of [false, true]) {
    const files = ['/etc/libvirt/qemu/web.xml'];
    await t.rejects(seen(hasVms, files), { code: 'COMMAND_FAILED' }, 'it is silent, and has a domain');
  }
});

/** A daemon whose list of domains, and whose answers about each of them, are these. */
function daemon(list: Buffer, xml: string): (socket: Socket) => void {
  const answers = new Map([
    [273, list],
    [14, new XdrWriter().string(xml).bytes()],
    // It is paused by its user, and persistent.
    [212, new XdrWriter().uint(3).uint(1).bytes()],
    [151, new XdrWriter().uint(1).bytes()],
  ]);
  return (socket) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= received.readUInt32BE(0)) {
        const call = received.subarray(0, received.readUInt32BE(0));
        received = received.subarray(call.length);
        const procedure = call.readUInt32BE(12);
        const answer = reply(call.readUInt32BE(20), 0, answers.get(procedure) ?? new XdrWriter().uint(0).bytes());
        socket.write(withWord(answer, 12, procedure));
      }
    });
  };
}

t.test('an answer that is no list of domains is not taken for none', async (t) => {
  const web = () => new XdrWriter().uint(1).string('web').fixed(Buffer.alloc(16)).uint(1);
  const domains = async (list: XdrWriter, xml = '<domain/>') =>
    (await Libvirt.open(await socketTo(t, daemon(list.bytes(), xml)), 'qemu:///system')).domains();
  t.same(await domains(new XdrWriter().uint(0).uint(0)), []);
  t.same(await domains(web().uint(1)), [
    {
      ...{
        name: 'web',
        state: 'paused',
        reason: 'user',
        pausedByMigration: false,
        xml: '<domain/>',
        live: '<domain/>',
      },
      ...{ persistent: true, autostart: false, saved: false },
    },
  ]);
  for (const [what, list, xml] of [
    ['nothing', new XdrWriter()],
    ['half of it', new XdrWriter().uint(0)],
    ['another number at its end', new XdrWriter().uint(0).uint(1)],
    ['fewer at its end', web().uint(0)],
    ['more behind it', new XdrWriter().uint(0).uint(0).uint(0)],
    ['a definition that is none', web().uint(1), 'hello'],
  ] as const)
    await t.rejects(domains(list, xml), LibvirtError, what);
});
