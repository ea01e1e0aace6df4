import type { TopologyStatus } from '../model/topology-status.js';
import { paint, type Style } from './style.js';
import { columnsText } from './table.js';

export function statusText(status: TopologyStatus, style: Style): string {
  const hosts = columnsText(
    [{ title: 'host' }, { title: 'open vswitch' }, { title: 'datapath' }, { title: 'bridges' }],
    status.hosts.map((host) => [
      host.host,
      host.reachable ? (host.openVSwitch ?? '') : paint(style, 'bad', host.problem),
      host.datapaths.join(', '),
      host.bridges.join(', '),
    ]),
    style,
  );
  const tunnels = columnsText(
    [
      { title: 'host' },
      { title: 'network' },
      { title: 'vni' },
      { title: 'port' },
      { title: 'to' },
      { title: 'remote_ip' },
      { title: 'state' },
    ],
    status.tunnels.map((tunnel) => [
      tunnel.host,
      tunnel.network,
      tunnel.vni,
      tunnel.port,
      tunnel.remoteHost,
      tunnel.remoteIp,
      tunnel.ready ? 'ready' : paint(style, 'bad', 'no port'),
    ]),
    style,
  );
  const vms = columnsText(
    [{ title: 'vm' }, { title: 'runs on' }, { title: 'topology says' }],
    status.vms.map((vm) => [
      vm.vm,
      vm.places.map((place) => `${place.host} (${place.state})`).join(', ') || paint(style, 'bad', 'nowhere'),
      vm.wanted,
    ]),
    style,
  );
  const fdb = columnsText(
    [{ title: 'host' }, { title: 'network' }, { title: 'vm' }, { title: 'mac' }, { title: 'sends to' }],
    status.fdb.map((entry) => [entry.host, entry.network, entry.vm, entry.mac, entry.seen ?? '(not learned)']),
    style,
  );
  const drops = columnsText(
    [{ title: 'host' }, { title: 'network' }, { title: 'vm' }, { title: 'packets', align: 'right' }, { title: 'what' }],
    status.drops.map((drop) => [drop.host, drop.network, drop.vm ?? '', String(drop.packets), drop.says]),
    style,
  );
  const section = (title: string, body: string) => `${paint(style, 'heading', title)}\n${body}`;
  return [
    section('Hosts', hosts),
    ...(status.tunnels.length === 0 ? [] : [section('Tunnels', tunnels)]),
    ...(status.vms.length === 0 ? [] : [section('VMs', vms), section('Where each MAC is known', fdb)]),
    ...(status.drops.length === 0 ? [] : [section('Dropped by port security and access rules', drops)]),
  ].join('\n\n');
}
