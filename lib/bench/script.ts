import { shellWord } from '../model/quote.js';
import type { Datapath, Topology } from '../model/topology.js';
import { remoteIpOf } from '../plan/bridge-plan.js';
import { type DesiredBridge, desiredNetwork, type NetworkFacts } from '../plan/desired.js';

export interface ScriptOptions {
  /** For `ssh -F`. */
  readonly sshConfig: string;
  /** As apply has found the hosts, so that both make the same tunnels. */
  readonly facts: (host: string) => NetworkFacts;
}

/**
 * What somebody would write by hand who wants the topology's bridges and tunnels quickly: all hosts at once over ssh,
 * on each a single ovs-vsctl. It looks at nothing and sets no flows, so it is the least that making them can take.
 */
export function byHandScript(topology: Topology, { sshConfig, facts }: ScriptOptions): string {
  const lines = topology.hosts.map(({ name }) => {
    const { bridges, datapath } = desiredNetwork(topology, name, facts(name));
    const words = bridges.flatMap((bridge) => bridgeWords(bridge, datapath));
    const command = ['ovs-vsctl', ...words.slice(1)].join(' ');
    return `ssh -F ${shellWord(sshConfig)} ${shellWord(name)} ${shellWord(command)} & jobs="$jobs $!"`;
  });
  return [
    'jobs=',
    ...lines,
    'status=0',
    'for job in $jobs; do wait "$job" || status=1; done',
    'exit "$status"',
    '',
  ].join('\n');
}

/** Each part begins with `--`. */
function bridgeWords(bridge: DesiredBridge, datapath: Datapath): string[] {
  const { name } = bridge;
  const tunnels = bridge.ports.flatMap((port) =>
    port.kind === 'tunnel'
      ? ['--', 'add-port', name, port.name, '--', 'set', 'interface', port.name].concat(
          `type=${port.encapsulation.ovsType}`,
          `options:remote_ip=${remoteIpOf(port)}`,
          ...(port.localIp === null ? [] : [`options:local_ip=${port.localIp}`]),
          `options:key=${port.vni}`,
        )
      : [],
  );
  return [
    '--',
    'add-br',
    name,
    '--',
    'set',
    'bridge',
    name,
    `datapath_type=${datapath}`,
    'fail_mode=secure',
    ...tunnels,
  ];
}
