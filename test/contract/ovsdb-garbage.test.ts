import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { commit } from '../../lib/ovsdb/commit.js';
import { Connection, type ConnectionOptions } from '../../lib/ovsdb/connection.js';
import { TableMonitor } from '../../lib/ovsdb/monitor.js';
import * as op from '../../lib/ovsdb/operations.js';

const DB = 'Open_vSwitch';

t.test('a server that is none', async (t) => {
  const serve = async (t: Test, behave: (socket: Socket) => void, options: ConnectionOptions = {}) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      behave(socket);
      // Unread requests would keep the socket from closing.
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connection = await Connection.open(async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }, options);
    t.teardown(async () => {
      connection.close();
      server.close();
      await once(server, 'close');
    });
    return connection;
  };

  await t.test('truncated JSON', async (t) => {
    const connection = await serve(t, (socket) => socket.end('{"id": 1, "result": ['));
    await t.rejects(connection.call('list_dbs', []), /hung up in the middle of a message/);
  });

  await t.test('garbage', async (t) => {
    const connection = await serve(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    await t.rejects(connection.call('list_dbs', []), /does not speak JSON-RPC/);
  });

  await t.test('JSON that is no answer', async (t) => {
    const connection = await serve(t, (socket) => socket.write('[1, 2]'));
    await t.rejects(connection.call('list_dbs', []), /no JSON-RPC/);
  });

  await t.test('endless output', async (t) => {
    const connection = await serve(
      t,
      (socket) => {
        const more = (): boolean => !socket.destroyed && socket.write('x'.repeat(4096));
        socket.write('["');
        socket.on('drain', more);
        const feed = setInterval(more, 1);
        socket.on('close', () => clearInterval(feed));
      },
      { maxMessageBytes: 100_000 },
    );
    await t.rejects(connection.call('list_dbs', []), /more than 100000 bytes/);
  });

  await t.test('results of the wrong shape', async (t) => {
    const results = ['7', '[]'];
    const connection = await serve(t, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        const { id } = JSON.parse(chunk.toString()) as { id: number };
        socket.write(`{"id": ${id}, "error": null, "result": ${results.shift()}}`);
      });
    });
    await t.rejects(commit(connection, DB, op.transaction('one')), /no list of results/);
    await t.rejects(commit(connection, DB, op.transaction('two', op.comment('x'))), /two: no result for comment/);
  });

  await t.test('a refusal keeps the words of the server', async (t) => {
    const connection = await serve(t, (socket) => {
      socket.once('data', () =>
        socket.write('{"id": 1, "error": {"error": "unknown database", "details": "no x"}, "result": null}'),
      );
    });
    await t.rejects(connection.call('get_schema', ['x']), {
      error: 'unknown database',
      message: /refused "get_schema": unknown database: no x/,
    });
  });

  await t.test('updates before the answer to monitor are newer than it', async (t) => {
    const connection = await serve(t, (socket) => {
      socket.once('data', (chunk: Buffer) => {
        const { id, params } = JSON.parse(chunk.toString()) as { id: number; params: unknown[] };
        const update = { Bridge: { u1: { new: { name: 'newer' } }, u2: { old: { name: 'gone' } } } };
        const initial = { Bridge: { u1: { new: { name: 'older' } }, u2: { new: { name: 'gone' } } } };
        socket.write(JSON.stringify({ id: null, method: 'update', params: [params[1], update] }));
        socket.write(JSON.stringify({ id, error: null, result: initial }));
      });
    });
    const monitor = await TableMonitor.start(connection, DB, { Bridge: ['name'] });
    t.strictSame([...monitor.tables.Bridge], [['u1', { name: 'newer' }]]);
  });
});
