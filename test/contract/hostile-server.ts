import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Test } from 'tap';
import { fingerprintOf } from '../../lib/host/host-key.js';
import { generateKeyPair } from '../../lib/lab/ssh-identities.js';
import type { SshSettings } from '../../lib/model/topology.js';

export const HOST_KEY = generateKeyPair('host');
const USER_KEY = generateKeyPair('user');

/** Of the key that an SSH server here shows. */
export const FINGERPRINT = fingerprintOf(publicBlob(HOST_KEY.public));

function publicBlob(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

export interface Behaviour {
  /** Left out: everybody is let in. */
  readonly authenticate?: (context: ssh2.AuthContext) => void;
  /** A command was asked for; it has a channel when `accept` is called. */
  readonly exec?: (accept: () => ServerChannel, client: Connection) => void;
  /** A unix socket was asked for. */
  readonly socket?: (accept: () => ServerChannel, reject: () => void) => void;
  readonly greeting?: string;
}

/** An SSH server that behaves as told, and how to reach it, with a key in `directory`. */
export async function sshServer(t: Test, behaviour: Behaviour, directory = t.testdir()): Promise<SshSettings> {
  const { authenticate = (context) => context.accept(), exec, socket, greeting } = behaviour;
  const config = { hostKeys: [HOST_KEY.private], ...(greeting === undefined ? {} : { greeting }) };
  const clients = new Set<Connection>();
  const server = new ssh2.Server(config, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('authentication', authenticate);
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (accept) => exec?.(accept, client));
    });
    client.on('openssh.streamlocal', (accept, reject) => socket?.(accept as () => ServerChannel, reject as () => void));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const client of clients) client.end();
    server.close();
  });
  return settingsFor(directory, (server.address() as AddressInfo).port);
}

/** A server that speaks TCP, and else what it likes. */
export async function tcpServer(t: Test, behave: (socket: Socket) => void): Promise<SshSettings> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
    behave(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return settingsFor(t.testdir(), (server.address() as AddressInfo).port);
}

function settingsFor(directory: string, port: number): SshSettings {
  const identityFile = `${directory}/key`;
  writeFileSync(identityFile, USER_KEY.private, { mode: 0o600 });
  return { address: '127.0.0.1', port, user: 'root', identityFile, hostKey: FINGERPRINT };
}

/** Writes for as long as somebody reads. */
export function writeForEver(stream: Writable, piece: string): void {
  const chunk = piece.repeat(Math.ceil(32_768 / piece.length));
  let over = false;
  stream.on('close', () => {
    over = true;
  });
  stream.on('error', () => {
    over = true;
  });
  const more = () => {
    if (over) return;
    if (stream.write(chunk)) setImmediate(more);
    else stream.once('drain', more);
  };
  more();
}
