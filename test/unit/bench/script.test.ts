import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { byHandScript } from '../../../lib/bench/script.js';
import { chooseMove } from '../../../lib/bench/topology.js';
import { bridgeName, tunnelPortName } from '../../../lib/model/names.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { KERNEL, USERSPACE } from '../plan/hosts.js';

const file = new URL('../../../../topologies/two-subnets.yaml', import.meta.url);
const topology = parseTopology(readFileSync(file, 'utf8'), 'two-subnets.yaml');

t.test('the script: one ssh and one ovs-vsctl per host, in parallel', async (t) => {
  const script = byHandScript(topology, { sshConfig: '/tmp/with space/config', facts: () => USERSPACE });
  execFileSync('sh', ['-n'], { input: script });
  const lines = script.split('\n').filter((line) => line.startsWith('ssh '));
  t.equal(lines.length, 3);
  for (const [index, line] of lines.entries()) {
    const host = topology.hosts[index]?.name ?? '';
    t.match(line, `ssh -F '/tmp/with space/config' ${host} 'ovs-vsctl add-br ${bridgeName('two-subnets', 'blue')} `);
    t.equal(line.match(/ovs-vsctl/g)?.length, 1);
    t.equal(line.match(/type=vxlan/g)?.length, 2, 'a tunnel to each of the others');
    t.match(line, /options:key=5001.* &/);
  }
  t.match(
    lines[0],
    `add-port ${bridgeName('two-subnets', 'blue')} ${tunnelPortName('two-subnets', 'blue', 'host-b')} `,
  );
  t.match(lines[0], 'options:remote_ip=198.18.2.10 options:local_ip=198.18.1.10');
  const facts = () => ({ ...USERSPACE, switchRoutesFollowKernel: false });
  t.notMatch(
    byHandScript(topology, { sshConfig: '/dev/null', facts }),
    'local_ip',
    'where apply names none, neither does it',
  );
});

t.test('the script fails where one of its hosts does', async (t) => {
  const script = byHandScript(topology, { sshConfig: '/dev/null', facts: () => KERNEL });
  const failing = `ssh() { [ "$3" != host-b ]; }\n${script}`;
  t.throws(() => execFileSync('sh', ['-s'], { input: failing }));
  t.doesNotThrow(() => execFileSync('sh', ['-s'], { input: failing.replace('host-b ]', 'nobody ]') }));
});

t.test('who moves: the watched VM, to another subnet, not to the onlooker', async (t) => {
  const { vm, to } = chooseMove(topology);
  t.equal(vm.name, 'web');
  t.equal(to, 'host-b');
  t.throws(() => chooseMove({ ...topology, probes: [] }), { code: 'USAGE' });
  t.throws(() => chooseMove({ ...topology, hosts: topology.hosts.filter(({ name }) => name !== 'host-b') }), {
    code: 'USAGE',
  });
});
