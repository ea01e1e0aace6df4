import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import { commit } from '../../lib/ovsdb/commit.js';
import { Connection, type ConnectionOptions } from '../../lib/ovsdb/connection.js';
import { OvsdbError } from '../../lib/ovsdb/errors.js';
import { Lock } from '../../lib/ovsdb/lock.js';
import { type RowChange, TableMonitor } from '../../lib/ovsdb/monitor.js';
import * as op from '../../lib/ovsdb/operations.js';
import { selectTables } from '../../lib/ovsdb/select.js';
import { asNumber, asString, asStringMap, asUuids, mapOf } from '../../lib/ovsdb/value.js';
import { addBridge, addPort, deleteBridge, deletePort } from '../../lib/ovsdb/vswitch.js';
import { OvsSandbox, whyNoDatabase, whyNoSwitch } from './ovs-sandbox.js';

const DB = 'Open_vSwitch';

async function socketTo(path: string): Promise<Duplex> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

async function sandbox(
  t: Test,
): Promise<{ ovs: OvsSandbox; session: (options?: ConnectionOptions) => Promise<Connection> }> {
  const ovs = new OvsSandbox();
  const sessions: Connection[] = [];
  t.teardown(async () => {
    for (const connection of sessions) connection.close();
    await ovs.destroy();
    if (existsSync(ovs.directory)) throw new Error(`${ovs.directory} is left behind`);
  });
  await ovs.startDatabase();
  await ovs.vsctl('--no-wait', 'init');
  const session = async (options: ConnectionOptions = {}) => {
    const connection = await Connection.open(() => socketTo(ovs.socket), options);
    sessions.push(connection);
    return connection;
  };
  return { ovs, session };
}

t.test('a real ovsdb-server', { skip: whyNoDatabase() }, async (t) => {
  const { ovs, session } = await sandbox(t);
  const connection = await session();

  await t.test('commits, and what was written is read back', async (t) => {
    const added = addBridge('br0', { external_ids: mapOf({ owner: 'é"}{' }), fail_mode: ['secure'] });
    const results = await commit(connection, DB, { intent: 'add br0', operations: added });
    t.equal(results.length, 4);
    t.match(results[2]?.inserted, /^[0-9a-f-]{36}$/);
    t.equal(results[3]?.count, 1);
    const { Bridge, Port } = await selectTables(connection, DB, {
      Bridge: ['name', 'external_ids', 'fail_mode', 'ports'],
      Port: ['name'],
    });
    const row = Bridge.get(results[2]?.inserted ?? '');
    t.equal(asString(row?.name), 'br0');
    t.equal(asString(row?.fail_mode), 'secure');
    t.strictSame(asStringMap(row?.external_ids), { owner: 'é"}{' });
    t.strictSame(asUuids(row?.ports), [...Port.keys()]);
    t.equal((await ovs.vsctl('list-br')).trim(), 'br0');
  });

  await t.test('the intent stands in the log of the database', async (t) => {
    await commit(
      connection,
      DB,
      op.transaction('say hello to the log', op.mutate('Open_vSwitch', [], [['next_cfg', '+=', 1]])),
    );
    t.match(await ovs.inDirectory('ovsdb-tool', '-mm', 'show-log', 'conf.db'), /say hello to the log/);
  });

  await t.test('each failure names the intent and the operation', async (t) => {
    const fails = async (operations: op.Operation[], operation: number | undefined, message: RegExp) => {
      const error = await commit(connection, DB, { intent: 'try', operations }).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof OvsdbError)) return t.fail(`no OvsdbError: ${error}`);
      t.match(error, { code: 'OVSDB', intent: 'try' });
      t.equal(error.operation, operation);
      t.match(error.message, message);
    };
    const nothing = op.byName('nosuch');
    await fails(
      [op.comment('x'), op.mutate('Bridge', nothing, [['ports', 'insert', []]])],
      1,
      /mutate Bridge where name == "nosuch": there is no such row/,
    );
    await fails([op.update('Bridge', nothing, { stp_enable: true })], 0, /no such row/);
    await fails([op.deleteRows('Bridge', nothing)], 0, /no such row/);
    await fails(
      [op.insert('Interface', { name: 'i' }, 'i'), op.insert('Port', { name: 'p', interfaces: [{ named: 'i' }] })],
      0,
      /no other row refers to it/,
    );
    await fails(
      [
        op.wait({
          table: 'Bridge',
          where: op.byName('br0'),
          columns: ['name'],
          until: '!=',
          rows: [{ name: 'br0' }],
          timeoutMs: 0,
        }),
      ],
      0,
      /not as expected/,
    );
    await fails([op.insert('Nosuch', {})], 0, /insert into Nosuch/);
    await fails([op.select('Bridge', [], ['nosuch'])], 0, /nosuch/);
    await fails([op.comment('x'), op.abort()], 1, /abort/);
    await fails(
      [
        op.insert('Bridge', { name: 'br0' }, 'b'),
        op.mutate('Open_vSwitch', [], [['bridges', 'insert', [{ named: 'b' }]]]),
      ],
      undefined,
      /at the end: constraint violation/,
    );
    await fails(
      [op.mutate('Open_vSwitch', [], [['bridges', 'insert', [{ uuid: '00000000-0000-0000-0000-000000000001' }]]])],
      undefined,
      /at the end: referential integrity/,
    );
    t.equal((await ovs.vsctl('list-br')).trim(), 'br0', 'and nothing was changed');
  });

  await t.test('nothing to match is all right where that is said', async (t) => {
    const [result] = await commit(
      connection,
      DB,
      op.transaction('tidy', op.deleteRows('Bridge', op.byName('nosuch'), { mayMatchNothing: true })),
    );
    t.equal(result?.count, 0);
  });

  await t.test('a monitor copies tables and reports changes', async (t) => {
    const monitor = await TableMonitor.start(connection, DB, { Bridge: ['name', 'external_ids'] });
    t.strictSame(
      [...monitor.tables.Bridge.values()].map((row) => asString(row.name)),
      ['br0'],
    );
    const changes: RowChange[] = [];
    const stop = monitor.onChange((list) => changes.push(...list));
    await ovs.vsctl('--no-wait', 'br-set-external-id', 'br0', 'a', 'b');
    await ovs.vsctl('--no-wait', 'add-br', 'br1');
    await ovs.vsctl('--no-wait', 'del-br', 'br1');
    await ovs.until(() => changes.length >= 3);
    t.strictSame(
      changes.map(({ before, after }) => [asString(before?.name), asString(after?.name)]),
      [
        ['br0', 'br0'],
        ['', 'br1'],
        ['br1', ''],
      ],
    );
    t.strictSame(asStringMap(changes[0]?.after?.external_ids), { owner: 'é"}{', a: 'b' });
    t.equal(monitor.tables.Bridge.size, 1);
    stop();

    const found = monitor.until(
      'br2 is there',
      ({ Bridge }) => [...Bridge.values()].find((row) => row.name === 'br2') ?? null,
      20_000,
    );
    await ovs.vsctl('--no-wait', 'add-br', 'br2');
    t.equal(asString((await found).name), 'br2');
    await t.rejects(
      monitor.until('never', () => null, 20),
      /never: not within 20 ms/,
    );
    await monitor.cancel();
    await t.rejects(TableMonitor.start(connection, DB, { Nosuch: ['x'] }), OvsdbError);
  });

  await t.test('of two sessions one has the lock, until it gives it back, loses it or ends', async (t) => {
    const [other, third] = [await session(), await session()];
    const mine = await Lock.request(connection, 'vxmig_test');
    t.equal(mine.isHeld, true);
    const theirs = await Lock.request(other, 'vxmig_test');
    t.equal(theirs.isHeld, false);
    t.equal(await theirs.held(20), false, 'waits in vain');
    await mine.release();
    t.equal(await theirs.held(20_000), true);

    const thief = await Lock.steal(third, 'vxmig_test');
    t.equal(thief.isHeld, true);
    await ovs.until(() => theirs.wasStolen);
    t.equal(theirs.isHeld, false);

    const again = await Lock.request(connection, 'vxmig_test');
    third.close();
    t.equal(thief.isHeld, false);
    await theirs.release();
    t.equal(await again.held(20_000), true, 'a session that ends gives back');
    await again.release();
  });

  await t.test('the server hears our answer to its echo', async (t) => {
    // A server that asks every second, and hangs up where it hears nothing for another.
    const path = `${ovs.directory}/probing.sock`;
    const manager = ['--id=@m', 'create', 'Manager', `target="punix:${path}"`, 'inactivity_probe=1000'];
    await ovs.vsctl('--no-wait', ...manager, '--', 'set', 'Open_vSwitch', '.', 'manager_options=@m');
    await ovs.until(() => existsSync(path));
    let echoes = 0;
    const socket = await socketTo(path);
    socket.on('data', (chunk: Buffer) => {
      echoes += chunk.includes('"echo"') ? 1 : 0;
    });
    const probed = await Connection.open(async () => socket);
    t.teardown(() => probed.close());
    await ovs.until(() => echoes >= 3 || !probed.isOpen);
    t.equal(probed.isOpen, true, 'three rounds of silence, and the session still stands');
    t.strictSame(await probed.call('echo', ['are you there', 7]), ['are you there', 7]);
  });

  await t.test('silence and the end of the server are errors that say so', async (t) => {
    const waiting = op.wait({
      table: 'Bridge',
      where: op.byName('nosuch'),
      columns: ['name'],
      until: '!=',
      rows: [],
      timeoutMs: 20_000,
    });
    await t.rejects(
      connection.call('transact', [DB, op.encodeOperation(waiting)], 30),
      /did not answer "transact" within 30 ms/,
    );
    t.match(await connection.call('list_dbs', []), [DB, '_Server'], 'the session goes on');

    const monitor = await TableMonitor.start(connection, DB, { Bridge: ['name'] });
    const until = t.rejects(
      monitor.until('never', () => null, 20_000),
      OvsdbError,
    );
    const pending = t.rejects(
      connection.call('transact', [DB, op.encodeOperation(waiting)]),
      /closed the connection|broke/,
    );
    await ovs.stop('ovsdb-server');
    await Promise.all([until, pending]);
    t.type(await connection.closed, OvsdbError);
    t.equal(connection.isOpen, false);
    await t.rejects(connection.call('echo', []), OvsdbError);
    await t.rejects(
      Connection.open(() => socketTo(ovs.socket), { where: 'host-a' }),
      { code: 'OVSDB', where: 'host-a', message: /cannot be reached/ },
    );

    await ovs.startDatabase();
    const back = await session();
    t.equal(
      (await selectTables(back, DB, { Bridge: ['name'] })).Bridge.size,
      2,
      'a new session goes on where the last one ended',
    );
  });
});

t.test('a real switch behind the database', { skip: whyNoSwitch() }, async (t) => {
  const { ovs, session } = await sandbox(t);
  await ovs.startSwitch();
  const connection = await session();
  const waitForSwitchMs = 20_000;

  await t.test('when commit returns, the port has its number', async (t) => {
    const bridge = addBridge('br0', { datapath_type: 'netdev' }, { tableNames: { 0: 'classify', 10: 'fdb' } });
    await commit(connection, DB, op.transaction('add br0', ...bridge), { waitForSwitchMs });
    await ovs.ofctl(['add-flow', 'br0', 'table=10,actions=drop']);
    t.match(await ovs.ofctl(['--names', 'dump-flows', 'br0', 'table=10']), /table=fdb/);
    const operations = addPort('br0', 'p7', {}, { type: 'internal', ofport_request: 7 });
    const [added] = await commit(connection, DB, { intent: 'add port p7', operations }, { waitForSwitchMs });
    const { Interface } = await selectTables(connection, DB, { Interface: ['ofport'] });
    t.equal(asNumber(Interface.get(added?.inserted ?? '')?.ofport), 7);
  });

  await t.test('a port that the switch cannot open is an error', async (t) => {
    const operations = addPort('br0', 'nosuchdev', {}, {});
    await t.rejects(commit(connection, DB, { intent: 'add it', operations }, { waitForSwitchMs }), {
      code: 'OVSDB',
      operation: 0,
      message: /add it: the switch cannot use the port nosuchdev: .*No such device/,
    });
  });

  await t.test('ports and bridges go, with all that hangs on them', async (t) => {
    const wanted = { Bridge: ['name'], Port: ['name'], Interface: ['name'] } as const;
    const before = await selectTables(connection, DB, wanted);
    const [port = ''] = [...before.Port].find(([, row]) => row.name === 'p7') ?? [];
    await commit(connection, DB, op.transaction('remove p7', ...deletePort('br0', port)), { waitForSwitchMs });
    const between = await selectTables(connection, DB, wanted);
    t.notOk([...between.Interface.values()].some((row) => row.name === 'p7'));
    const [bridge = ''] = [...between.Bridge.keys()];
    await commit(connection, DB, op.transaction('remove br0', ...deleteBridge(bridge)), { waitForSwitchMs });
    const after = await selectTables(connection, DB, wanted);
    t.strictSame([after.Bridge.size, after.Port.size, after.Interface.size], [0, 0, 0]);
  });

  await t.test('a switch that is gone is an error', async (t) => {
    await ovs.stop('ovs-vswitchd');
    await t.rejects(commit(connection, DB, op.transaction('poke'), { waitForSwitchMs: 50 }), {
      code: 'OVSDB',
      message: /poke: written, but ovs-vswitchd has not taken it up within 50 ms/,
    });
  });
});
