import type { ServerChannel } from 'ssh2';
import t, { type Test } from 'tap';
import { observeDomain, observeDomains } from '../../lib/compute/libvirt/domains.js';
import { listDomains } from '../../lib/compute/libvirt/virsh-list.js';
import { HostConnection, type HostShell } from '../../lib/host/connection.js';
import { Dialogue } from '../../lib/host/dialogue.js';
import { observeFitness } from '../../lib/host/fitness.js';
import { VxmigError } from '../../lib/model/errors.js';
import type { SshSettings } from '../../lib/model/topology.js';
import { observeKernel } from '../../lib/network/ovs/observe-kernel.js';
import { dumpFlows } from '../../lib/network/ovs/openflow.js';
import { OvsDatabase } from '../../lib/network/ovs/ovs-database.js';
import { type Behaviour, FINGERPRINT, sshServer, tcpServer, writeForEver } from './hostile-server.js';

// Most of the time is waited for hosts that do not answer.
t.jobs = 24;

const slips: unknown[] = [];
process.on('unhandledRejection', (reason) => slips.push(reason));
process.on('uncaughtException', (error) => slips.push(error));
/** Each of our limits is far below; what knows none goes beyond it while its test runs. */
const WITH_VMS = { hasVms: true, libvirtFiles: Promise.resolve(['/run/libvirt/libvirt-sock']) };
const FAR_TOO_MUCH_BYTES = 2 ** 30;
const startedWith = process.memoryUsage.rss();

/** An error for people: it names the host, and how to fix it. */
async function refused(t: Test, promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof VxmigError)) {
    t.fail(`not for people: ${error instanceof Error ? error.stack : error}`);
    return;
  }
  t.match(error, { code, message, where: /^bad/, hint: /./ });
  t.ok(error.message.length < 20_000, 'no longer than can be read');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.notMatch(error.message, /[\0-\x08\x0b-\x1f]/, 'nothing that a terminal obeys');
  t.ok(process.memoryUsage.rss() - startedWith < FAR_TOO_MUCH_BYTES, 'memory is bounded');
}

async function connect(t: Test, settings: SshSettings): Promise<HostShell> {
  const shell = await HostConnection.open('bad', settings);
  t.teardown(() => shell.close());
  return shell;
}

/** A host on which every command does the same. */
async function hostThat(t: Test, exec: NonNullable<Behaviour['exec']>): Promise<HostShell> {
  return await connect(t, await sshServer(t, { exec, socket: (_, reject) => reject() }));
}

/** A host on which every command prints the same. */
async function hostThatPrints(t: Test, text: string | Buffer, status = 0): Promise<HostShell> {
  return await hostThat(t, (accept) => {
    const channel = accept();
    channel.write(text);
    channel.exit(status);
    channel.end();
  });
}

/** A host whose database is served by `serve`. */
async function database(t: Test, serve: (channel: ServerChannel) => void): Promise<OvsDatabase> {
  const settings = await sshServer(t, {
    socket: (accept) => {
      const channel = accept();
      channel.on('error', () => undefined);
      serve(channel);
    },
  });
  const ovs = await OvsDatabase.open(await connect(t, settings));
  t.teardown(() => ovs.close());
  return ovs;
}

t.test('a host whose key is not the known one is told nothing', async (t) => {
  let asked = 0;
  const settings = await sshServer(t, {
    authenticate: (context) => {
      asked += 1;
      context.accept();
    },
  });
  const wrong = `SHA256:${'x'.repeat(43)}`;
  const open = HostConnection.open('bad', { ...settings, hostKey: wrong });
  await refused(
    t,
    open,
    'SSH_HOST_KEY',
    new RegExp(`shows the SSH key ${FINGERPRINT.replaceAll(/[+/]/g, '.')}, and what was given for it has ${wrong}`),
  );
  await t.rejects(HostConnection.open('bad', { ...settings, hostKey: wrong }), {
    message: /nothing was sent/,
    hint: /ssh-keygen -lf .*hostKey: "SHA256:/,
  });
  await t.rejects(HostConnection.open('bad', { ...settings, hostKey: null }), {
    message: /known_hosts has none for it/,
  });
  t.equal(asked, 0, 'nobody has logged in');
});

for (const [name, behave, message] of [
  ['closes at once', (socket) => socket.destroy(), /cannot connect to bad/],
  ['says nothing', () => undefined, /Timed out/],
  ['sends one line of 1 MB first', (socket) => socket.write('x'.repeat(2 ** 20)), /cannot connect to bad/],
  ['sends lines without end first', (socket) => writeForEver(socket, 'welcome\r\n'), /cannot connect to bad/],
  ['sends a line without end', (socket) => writeForEver(socket, 'x'), /cannot connect to bad/],
  ['is no SSH server', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /cannot connect to bad/],
  ['speaks SSH 1', (socket) => socket.write('SSH-1.5-x\r\n'), /cannot connect to bad/],
  [
    'sends garbage for a key exchange',
    (socket) => writeForEver(socket, 'SSH-2.0-x\r\n\u0000\u00ff\u001b'),
    /cannot connect to bad/,
  ],
  [
    'promises a packet of 4 GB',
    (socket) => socket.write('SSH-2.0-x\r\n\u00ff\u00ff\u00ff\u00ff'),
    /cannot connect to bad/,
  ],
] satisfies readonly (readonly [string, Parameters<typeof tcpServer>[1], RegExp])[]) {
  t.test(`a server that ${name}`, async (t) => {
    await refused(t, HostConnection.open('bad', await tcpServer(t, behave)), 'SSH_CONNECT', message);
  });
}

t.test('a banner of 1 MB before an honest server', async (t) => {
  const settings = await sshServer(t, { greeting: 'welcome\r\n'.repeat(120_000) });
  await refused(t, HostConnection.open('bad', settings), 'SSH_CONNECT', /cannot connect to bad/);
});

t.test('authentication that is refused, and one that never ends', async (t) => {
  const no = await sshServer(t, { authenticate: (context) => context.reject() });
  await refused(t, HostConnection.open('bad', no), 'SSH_CONNECT', /authentication methods failed/);
  const never = await sshServer(t, { authenticate: () => undefined });
  await refused(t, HostConnection.open('bad', never), 'SSH_CONNECT', /Timed out/);
});

t.test('a command that is never begun', async (t) => {
  const shell = await hostThat(t, () => undefined);
  await refused(t, shell.run(['virsh', 'list']), 'SSH_CONNECT', /did not open a session: no answer within/);
});

t.test('a command that never ends', async (t) => {
  const shell = await hostThat(t, (accept) => void accept());
  await refused(
    t,
    shell.run(['virsh', 'list'], { timeoutMs: 500 }),
    'COMMAND_FAILED',
    /virsh list .* no end within 500 ms/,
  );
});

for (const [name, pick] of [
  ['output', (channel) => channel],
  ['complaint', (channel) => channel.stderr],
] satisfies readonly (readonly [string, (channel: ServerChannel) => NodeJS.WritableStream])[]) {
  t.test(`an endless ${name}`, async (t) => {
    const shell = await hostThat(t, (accept) => writeForEver(pick(accept()) as ServerChannel, 'x'));
    await refused(t, shell.run(['ip', 'link']), 'COMMAND_FAILED', /ip link .* more than \d+ bytes/);
  });
}

t.test('a complaint that is long, and meant for the terminal', async (t) => {
  const shell = await hostThat(t, (accept) => {
    const channel = accept();
    channel.stderr.write(`${'x'.repeat(100_000)}\u001b]0;owned\u0007\u001b[31mred`);
    channel.exit(1);
    channel.end();
  });
  await refused(t, shell.run(['ip', 'link']), 'COMMAND_FAILED', /\\u001b\]0;owned\\u0007/);
});

t.test('a command that ends without a status, and a connection that is cut', async (t) => {
  const silent = await hostThat(t, (accept) => accept().end());
  await refused(t, silent.run(['ip', 'link']), 'SSH_CONNECT', /broke while it ran: ip link/);
  const cut = await hostThat(t, (accept, client) => {
    accept().write('=== half a li');
    client.end();
  });
  await refused(t, cut.run(['ip', 'link']), 'SSH_CONNECT', /bad/);
});

t.test('a conversation with what prints without end, and with what says nothing', async (t) => {
  const ask = (question: string, mark: string) => `${question} ${mark}\n`;
  const loud = await hostThat(t, (accept) => writeForEver(accept(), 'x'));
  const noise = new Dialogue('bad', await loud.converse(['virsh']), ask);
  await refused(t, noise.question('domjobinfo'), 'COMMAND_FAILED', /prints without end/);
  const quiet = await hostThat(t, (accept) => void accept());
  const silence = new Dialogue('bad', await quiet.converse(['virsh']), ask);
  await refused(t, silence.question('domjobinfo'), 'COMMAND_FAILED', /no answer on bad within/);
});

const GARBAGE = {
  binary: Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256)),
  'an object where a list should be': '\n=== links\n{}\n',
  'cut JSON': '\n=== links\n[{"ifname": "eth',
  'JSON a million levels deep': `\n=== links\n${'['.repeat(1_000_000)}`,
  'lists of nonsense': '\n=== links\n[null, 7, {"addr_info": 3, "ifname": [], "flags": 9}]\n',
  'a login message': 'Welcome to bad!\nThis account is not available.\n',
};
for (const [name, text] of Object.entries(GARBAGE)) {
  t.test(`ip prints ${name}`, async (t) => {
    await refused(t, observeKernel(await hostThatPrints(t, text), '/media', []), 'HOST_UNFIT', /on bad/);
  });
}

t.test('ovs-ofctl prints garbage', async (t) => {
  for (const text of [' cookie=nonsense, actions=drop', ' eth_dst=nonsense actions=drop']) {
    const shell = await hostThatPrints(t, `=== br0\n${text}\n`);
    await refused(t, dumpFlows(shell, ['br0']), 'HOST_UNFIT', /ovs-ofctl on bad printed what is no flow/);
  }
});

t.test('virsh and all that doctor looks at print garbage', async (t) => {
  const shell = await hostThatPrints(t, GARBAGE.binary);
  t.match(await observeFitness(shell, { vms: true, encapsulations: [] }), {
    qemuVersion: '',
    libvirtVersion: '',
    cpuModels: [],
  });
  await refused(t, listDomains(await hostThatPrints(t, GARBAGE.binary, 1)), 'COMMAND_FAILED', /virsh .* list --all/);
  for (const garbage of [...Object.values(GARBAGE), '']) {
    await refused(t, observeDomains(await hostThatPrints(t, garbage), WITH_VMS), 'HOST_UNFIT', /virsh on bad printed/);
    await refused(t, observeDomain(await hostThatPrints(t, garbage), 'web'), 'HOST_UNFIT', /virsh on bad printed/);
  }
});

t.test('libvirt’s socket gives answers that are too short, too long, or none', async (t) => {
  for (const announced of [0xffffffff, 0x7fffffff, 0]) {
    const settings = await sshServer(t, {
      exec: (accept) => {
        const channel = accept();
        channel.exit(1);
        channel.end();
      },
      socket: (accept) => {
        const channel = accept();
        channel.on('data', (chunk: Buffer) => {
          // Any call is answered, and its answer says that there are `announced` of something.
          const reply = Buffer.alloc(32);
          chunk.copy(reply, 0, 0, 28);
          reply.writeUInt32BE(32, 0);
          reply.writeUInt32BE(1, 16);
          reply.writeUInt32BE(0, 24);
          reply.writeUInt32BE(announced, 28);
          channel.write(reply);
        });
      },
    });
    await refused(t, observeDomains(await connect(t, settings), WITH_VMS), 'COMMAND_FAILED', /virsh .* list/).catch(
      (error) => t.fail(error),
    );
  }
});

t.test('a database socket that is refused, and one that is never answered', async (t) => {
  const no = await connect(t, await sshServer(t, { socket: (_, reject) => reject() }));
  await refused(t, OvsDatabase.open(no), 'OVSDB', /cannot be reached: cannot reach .*db.sock on bad/);
  const never = await connect(t, await sshServer(t, { socket: () => undefined }));
  await refused(t, OvsDatabase.open(never), 'OVSDB', /no answer within/);
});

const answer = (body: string) => (channel: ServerChannel) => {
  channel.once('data', (chunk: Buffer) => {
    const { id } = JSON.parse(chunk.toString()) as { id: number };
    channel.write(body.replaceAll('ID', String(id)));
  });
};
/** A row of Bridge that says `value` in one of its columns. */
const rows = (value: string, column = 'ports') =>
  '{"id": ID, "error": null, "result": [{"rows": [{"ovs_version": "3"}]}, {"rows": [{"_uuid": ["uuid", "u"], ' +
  `"name": "b", "${column}": ${value}}]}, {"rows": []}, {"rows": []}, {"rows": []}, {"rows": []}, {}]}`;

for (const [name, serve, message] of [
  ['cut JSON', (channel) => channel.end('{"id": 1, "result": ['), /in the middle of a message/],
  [
    'JSON without end',
    (channel) => {
      channel.write('["');
      writeForEver(channel, 'x');
    },
    /more than \d+ bytes|did not answer/,
  ],
  ['JSON without a bottom', (channel) => writeForEver(channel, '['), /more than 64 levels/],
  ['keys without a bottom', (channel) => writeForEver(channel, '{"a":'), /more than 64 levels/],
  ['an answer to another question', answer('{"id": 77, "error": null, "result": []}'), /did not answer "transact"/],
  [
    'an error',
    answer('{"id": ID, "error": {"error": "resources exhausted", "details": "\\u001b[31m"}, "result": null}'),
    /resources exhausted: \\u001b\[31m/,
  ],
  [
    'an error of 1 MB',
    answer(`{"id": ID, "error": {"error": "${'x'.repeat(2 ** 20)}"}, "result": null}`),
    /refused "transact": x+…/,
  ],
  ['no rows', answer('{"id": ID, "error": null, "result": [{}, {}, {}, {}, {}, {}, {}]}'), /^bad: .*no rows for/],
  ['a map for a set', answer(rows('["map", []]', 'fail_mode')), /a map for a set/],
  ['nonsense for a set', answer(rows('["set", [["set", [["set", []]]]]]')), /no OVSDB value/],
  ['an object for a value', answer(rows('{"a": 1}')), /no OVSDB value/],
] satisfies readonly (readonly [string, (channel: ServerChannel) => void, RegExp])[]) {
  t.test(`the database says ${name}`, async (t) => {
    await refused(t, (await database(t, serve)).read(), 'OVSDB', message);
  });
}

t.teardown(() => {
  if (slips.length > 0) throw new Error(`nobody caught: ${slips.map(String).join('; ')}`);
});
