import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { bridgeName, probePortName, tapName } from '../../lib/model/names.js';
import { isMigrated, isVerified } from './documents.js';
import { type Document, onLab, type TestLab } from './harness.js';
import { losesNothing, lossesOf } from './without-loss.js';

const WEB = '10.9.0.1';
const VICTIM = { mac: '52:54:00:09:00:02', ipv4: '10.9.0.2', ipv6: 'fd00:9::2' };
/** The guest's echo and clock services; the clock is what the rule denies. */
const [ECHO, CLOCK] = [7, 37];
const CHECKS_FAILED = 4;

/** Another VM at the onlooker, and a rule for web. */
function withVictim(text: string): string {
  const victim = [
    '  victim:',
    '    host: host-c',
    '    image: micro',
    '    nics:',
    `      - {network: blue, mac: "${VICTIM.mac}", address: [${VICTIM.ipv4}/24, "${VICTIM.ipv6}/64"]}`,
  ];
  return text
    .replace(
      /^( *)migration: .*$/m,
      `$1acl:\n$1  - {protocol: tcp, port: ${CLOCK}, action: deny}\n$1  - {protocol: udp, port: 53, action: deny}`,
    )
    .replace(/^probes:/m, `${victim.join('\n')}\nprobes:\n  - {from: victim, to: web, interval: 100ms}`);
}

/** The clock is kept back, and nothing else is. */
const RUBRIC = `version: 1
checks:
  echo-taken: {reach: {from: host-c, to: web, protocol: tcp, port: ${ECHO}}}
  echo-taken-by-vm: {reach: {from: victim, to: web, protocol: tcp, port: ${ECHO}}}
  nobody-listens: {reach: {from: host-c, to: web, protocol: tcp, port: 9}}
  datagram: {reach: {from: host-c, to: web, protocol: udp, port: 9}}
  datagram-of-vm: {reach: {from: victim, to: web, protocol: udp, port: 9}}
  clock-apart: {isolated: {from: host-c, to: web, witness: victim, protocol: tcp, port: ${CLOCK}}}
  clock-apart-of-vm: {trace: {from: victim, to: web, protocol: tcp, port: ${CLOCK}}, not: true}
  all-apart: {isolated: {from: host-c, to: web, witness: victim}}
  all-back: {trace: {from: victim, to: web}, not: true}
  clock-taken: {reach: {from: host-c, to: web, protocol: tcp, port: ${CLOCK}}}
`;
/** Somebody behind web's NIC, whom the file allows there. */
const NESTED = { mac: '52:54:00:09:00:77', address: '10.9.0.77' };

/**
 * Pings it from host-c until it is told to end; resolves to how many were not answered, but for those after the last
 * answer.
 */
async function watchNested(lab: TestLab) {
  const [program = '', ...argv] = await lab.probeArgv('host-c', 'blue', ['ping', '-n', '-i', '0.01', NESTED.address]);
  const child = execa(program, argv, { reject: false, timeout: 100_000, env: { LC_ALL: 'C' } });
  return {
    end: async () => {
      child.kill('SIGINT');
      const answered = new Set(
        [...(await child).stdout.matchAll(/icmp_seq=(\d+) ttl=/g)].map(([, place]) => Number(place)),
      );
      return { answered: answered.size, lost: Math.max(0, ...answered) - answered.size };
    },
  };
}

/** Opens connections to some ports again and again until its input ends, and prints how many each port took. */
const CONNECT = `
const net = require('node:net');
const [address, ...ports] = process.argv.slice(1);
const taken = Object.fromEntries(ports.map((port) => [port, 0]));
const attempt = (port) => new Promise((done) => {
  const socket = net.connect({ host: address, port: Number(port) });
  socket.once('connect', () => { taken[port] += 1; socket.destroy(); });
  socket.on('error', () => undefined).once('close', done);
  setTimeout(() => socket.destroy(), 400);
});
let ended = false;
process.stdin.once('end', () => { ended = true; }).resume();
(async () => {
  let rounds = 0;
  do { await Promise.all(ports.map(attempt)); rounds += 1; } while (!ended);
  console.log(JSON.stringify({ rounds, ...taken }));
})();
`;

await onLab('two-subnets', async (t, lab) => {
  await lab.edit(withVictim);
  await lab.apply();
  const bridge = bridgeName(lab.name, 'blue');
  const probe = probePortName(lab.name, 'blue', 'host-c');
  const [prober = ''] =
    /10\.9\.0\.\d+/.exec(await lab.fromProbe('host-c', 'blue', 'ip', '-4', 'addr', 'show', probe)) ?? [];

  const drops = async (): Promise<readonly Document[]> => (await lab.succeed('status', lab.file)).drops;
  /** Has web forge frames, and waits until its switch has counted one of them under that reason. */
  const forges = async (query: string, host: string, reason: string) => {
    await lab.page('host-c', 'blue', `http://${WEB}/cgi-bin/forge?${query}`);
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      const found = (await drops()).find((drop) => drop.host === host && drop.vm === 'web' && drop.reason === reason);
      if (found !== undefined) return found;
    }
    throw new Error(
      `nothing that web forged (${query}) was counted at ${host} under ${reason}: ${JSON.stringify(await drops())}`,
    );
  };
  const connections = async () => {
    const [program = '', ...argv] = await lab.probeArgv('host-c', 'blue', [process.execPath, '--eval', CONNECT]);
    const child = execa(program, [...argv, WEB, String(ECHO), String(CLOCK)], { timeout: 100_000 });
    return {
      end: async () => {
        child.stdin?.end();
        return JSON.parse((await child).stdout);
      },
    };
  };
  const isUnharmed = async () => {
    await lab.fromProbe('host-c', 'blue', 'ping', '-c', '1', '-W', '5', VICTIM.ipv6);
    t.match(await lab.page('host-c', 'blue', `http://${VICTIM.ipv4}/`), /^vxmig guest victim\n/);
    const neighbours = await lab.fromProbe('host-c', 'blue', 'ip', 'neigh', 'show');
    for (const address of [VICTIM.ipv4, VICTIM.ipv6])
      t.match(
        neighbours,
        new RegExp(`^${address} .*lladdr ${VICTIM.mac}`, 'm'),
        `${address} is known to be the victim’s`,
      );
    const { fdb } = await lab.succeed('status', lab.file);
    const places = fdb.filter(({ vm }: Document) => vm === 'victim').map(({ seen }: Document) => seen ?? 'host-c');
    t.same(places, ['host-c', 'host-c', 'host-c'], 'and every table has it where it is');
  };

  await t.test('all that a guest forges is dropped and counted, and nobody is misled', async (t) => {
    isVerified(t, await lab.succeed('verify', lab.file));
    for (const [query, reason] of [
      [`what=mac&as=${VICTIM.mac}`, 'mac'],
      [`what=garp&as=${VICTIM.ipv4}`, 'arp'],
      [`what=ip&as=${VICTIM.ipv4}&to=${prober}`, 'ipv4'],
      [`what=ip&as=${VICTIM.ipv6}&to=${VICTIM.ipv6.replace(/2$/, '9')}`, 'ipv6'],
      ['what=vlan', 'vlan'],
      ['what=vtep&as=198.18.1.10', 'vtep'],
    ] as const) {
      const drop = await forges(query, 'host-a', reason);
      t.match(drop, { by: 'port-security', network: 'blue', packets: Number, says: /./ }, query);
    }
    const udp = (await lab.on('host-a', 'cat', '/proc/net/snmp')).match(/^Udp: \d.*$/m)?.[0]?.split(' ') ?? [];
    t.equal(udp[2], '0', 'the host’s own network stack has got none of it, though it hears the tap');
    const text = (await lab.start('status', lab.file)).stdout;
    t.match(text, /^Dropped by port security and access rules$/m);
    t.match(text, /^host-a +blue +web +[1-9]\d* +from a MAC address that is not its own$/m);
    await isUnharmed();
  });

  await t.test(
    'a grade tells what a rule denies from what it does not, by trying and by asking the switches',
    async (t) => {
      const rubric = join(dirname(lab.file), 'rubric.yaml');
      await writeFile(rubric, RUBRIC);
      const { document, stderr } = await lab.run('grade', lab.file, '--rubric', rubric, '--live');
      const failed = document.checks.flatMap(({ name, status, output }: Document) =>
        status === 'passed' ? [] : [`${name}: ${status} ${output}`],
      );
      t.equal(failed.length, 3, failed.join('\n') + stderr);
      t.match(
        failed[0],
        /^all-apart: failed .*\[no\] pings from host-c to web .*\[no\] icmp .*\[no\] tcp .*would arrive at host-a/s,
      );
      t.match(failed[1], /^all-back: failed .*\[no\] tcp port \d+ from VM victim to VM web: it arrives at host-a/s);
      t.match(failed[2], /^clock-taken: failed .*0 of 3 answered/s);
    },
  );

  await t.test('a rule denies before, during and after a migration, and port security is there at once', async (t) => {
    const open = await connections();
    const document = await lab.migrate('web', 'host-b');
    const moved = await open.end();
    isMigrated(t, document, { vm: 'web', from: 'host-a', to: 'host-b' });
    t.ok(moved[ECHO] > 0 && moved.rounds > 1, `another port took connections (${JSON.stringify(moved)})`);
    t.equal(moved[CLOCK], 0, 'the denied one took none');
    const after = await (await connections()).end();
    t.match(after, { rounds: 1, [ECHO]: 1, [CLOCK]: 0 }, 'nor after it');
    const rule = (await drops()).find((drop) => drop.host === 'host-c' && drop.by === 'access-rule');
    t.match(rule, { vm: 'web', reason: 'rule 1', says: /^rule 1 of VM web: deny tcp from any to web port 37$/ });
    t.ok(rule?.packets >= moved.rounds, 'and every attempt was counted');

    await forges(`what=mac&as=${VICTIM.mac}`, 'host-b', 'mac');
    await forges(`what=ip&as=${VICTIM.ipv4}&to=${prober}`, 'host-b', 'ipv4');
    await isUnharmed();
  });

  await t.test('whoever is behind a NIC follows its VM, by the file or as the switch has heard them', async (t) => {
    const nest = `/cgi-bin/nest?mac=${NESTED.mac}&address=${NESTED.address}/24`;
    const allow = (what: string) =>
      lab.edit((text) => text.replace(/(1\/64"\])(, allow: .*?\])?(\})/, `$1, allow: [${what}]$3`));
    await lab.edit((text) => text.replace('host: host-a ', 'host: host-b '));
    for (const [origin, to, items] of [
      ['file', 'host-a', `"${NESTED.mac}", ${NESTED.address}`],
      ['learned', 'host-b', 'any'],
    ] as const) {
      await allow(items);
      await lab.apply();
      if (origin === 'file') await lab.page('host-c', 'blue', `http://${WEB}${nest}`);
      await lab.fromProbe('host-c', 'blue', 'ping', '-c', '1', '-W', '5', NESTED.address);
      const from = to === 'host-a' ? 'host-b' : 'host-a';
      const attempt = async () => {
        const watch = await watchNested(lab);
        const document = await lab.migrate('web', to);
        const seen = await watch.end();
        isMigrated(t, document, { vm: 'web', from, to });
        t.match(document.macs, [
          { network: 'blue', origin: 'nic', covered: true, why: '' },
          { network: 'blue', mac: NESTED.mac, origin, covered: true, why: '' },
        ]);
        const rows = document.convergence.hosts.filter(({ mac }: Document) => mac === NESTED.mac);
        t.same(rows.map(({ host, seen: place }: Document) => `${host} ${place}`).sort(), [
          `host-a ${to}`,
          `host-b ${to}`,
          `host-c ${to}`,
        ]);
        t.ok(seen.answered > 100, `it was watched (${JSON.stringify(seen)})`);
        return { lost: seen.lost, why: lossesOf([document]).why };
      };
      // Its pings go on as the VM's do.
      await losesNothing(t, attempt, () => lab.migrate('web', from));
      await lab.edit((text) => text.replace(/host: host-[ab] /, `host: ${to} `));
    }
    await lab.edit((text) => text.replace(/(1\/64"\]), allow: \[.*?\]\}/, '$1}'));
    await lab.apply();
  });

  await t.test('verify names a switch that lets forged frames through, or does not deny', async (t) => {
    const tap = (await lab.on('host-b', 'ovs-vsctl', 'get', 'interface', tapName(lab.name, 'web', 0), 'ofport')).trim();
    const pass = `table=guard,priority=999,in_port=${tap},actions=resubmit(,admit)`;
    await lab.on('host-b', 'ovs-ofctl', '--names', 'add-flow', bridge, pass);
    await lab.on('host-c', 'ovs-ofctl', '--names', 'del-flows', bridge, 'table=acl_receiver,tcp');
    const { exitCode, document } = await lab.run('verify', lab.file);
    t.equal(exitCode, CHECKS_FAILED);
    const failed = document.checks
      .filter(({ ok }: Document) => !ok)
      .map(({ name, seen }: Document) => `${name}: ${seen}`);
    t.match(failed.join('\n'), /^port security of web in blue: MAC: it goes on; .*VLAN tag: it goes on/m);
    t.match(failed.join('\n'), /^rule 1 of VM web: deny .*\(blue, host-c\): tcp port 37 .*: it goes on/m);
    t.notMatch(failed.join('\n'), /^rule 1 of VM web: deny .*\(blue, host-a\)/m);
  });

  await t.test('a guest that may not answer pings is up when it tells its MAC', async (t) => {
    await lab.edit((text) =>
      text
        .replace('host: host-a', 'host: host-b')
        .replace('{protocol: tcp,', '{protocol: icmp, action: deny}\n      - {protocol: tcp,'),
    );
    await lab.on('host-b', 'virsh', 'destroy', 'web');
    const { document, stderr } = await lab.run('apply', lab.file);
    t.match(document, { ok: true, changes: [{ kind: 'flows' }] });
    t.notMatch(stderr, /does not answer/);
    await t.rejects(lab.fromProbe('host-c', 'blue', 'ping', '-c', '1', '-W', '1', WEB));
  });
});
