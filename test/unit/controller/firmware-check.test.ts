import t from 'tap';
import { refuseWithoutFirmware } from '../../../lib/controller/firmware-check.js';
import { domainSeen } from '../plan/domains.js';
import { freshHosts, topologyOf } from '../plan/hosts.js';
import { ScriptedShell } from './scripted-shell.js';

const topology = topologyOf(
  ['networks:\n', 'storage: {pool: {kind: shared, path: /srv/pool}}\nnetworks:\n'],
  ['image: micro', 'image: /srv/base.raw\n    firmware: uefi'],
);
const offers = (...values: readonly string[]) =>
  `<domainCapabilities><os><enum name='firmware'>${values.map((value) => `<value>${value}</value>`).join('')}` +
  '</enum></os><devices><value>efi</value></devices></domainCapabilities>';

async function judge(answer: string, hosts = freshHosts(topology)) {
  const shell = new ScriptedShell('host-a').on(/domcapabilities .* q35$/, answer);
  await refuseWithoutFirmware(topology, hosts, () => shell);
}

t.test('a VM with UEFI is not begun where there is none', async (t) => {
  await judge(offers('bios', 'efi'));
  await judge('');
  await t.rejects(judge(offers('bios')), { code: 'HOST_UNFIT', message: /web.*host-a/, hint: /install ovmf/ });
});

t.test('of one that is there nobody asks', async () => {
  const [first, ...others] = freshHosts(topology);
  if (first === undefined) throw new Error('no host');
  await judge(offers('bios'), [{ ...first, domains: [domainSeen('web', '', { state: 'running' })] }, ...others]);
  await refuseWithoutFirmware(topologyOf(), freshHosts(topology), () => {
    throw new Error('asked');
  });
});
