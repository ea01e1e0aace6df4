import { readFileSync } from 'node:fs';
import type { HostShell } from '../../host/connection.js';
import { VxmigError } from '../../model/errors.js';
import type { HostOffer, NetworkOffer, OfferRequest } from '../../model/host-offer.js';
import { attribute, child, parseXml } from '../../model/xml-element.js';

const SCRIPT = readFileSync(new URL('../../../../lib/compute/libvirt/host-offer.sh', import.meta.url), 'utf8');

/**
 * What a host has for a VM that would come to it. Only reads. @throws CommandError; VxmigError HOST_UNFIT where its
 * answer is none
 */
export async function observeOffer(shell: HostShell, { networks, paths }: OfferRequest): Promise<HostOffer> {
  const argv = ['sh', '-s', '--', String(networks.length), ...networks, ...paths];
  const { stdout } = await shell.run(argv, { stdin: SCRIPT });
  const [, devices = '', pages = '', ...answers] = stdout.split(/^=== (?:devices|pages|network|path|end)\n/m);
  if (answers.length !== networks.length + paths.length + 1) throw noAnswer(shell.name, stdout);
  const sizes = [...pages.matchAll(/^(\d+) (\d+) (\d+)$/gm)].map((found) => found.slice(1).map(Number));
  const [, size] = /^default (\d+)$/m.exec(pages) ?? [];
  return {
    devices: devicesIn(shell.name, devices),
    networks: new Map(
      networks.flatMap((name, index): [string, NetworkOffer][] => {
        const found = networkIn(answers[index] ?? '');
        return found === null ? [] : [[name, found]];
      }),
    ),
    freePages: new Map(sizes.map(([kib = 0, free = 0, promised = 0]) => [kib * 1024, Math.max(0, free - promised)])),
    hugePageBytes: size === undefined || sizes.length === 0 ? null : Number(size) * 1024,
    paths: paths.filter((_, index) => answers[networks.length + index]?.trim() === 'there'),
  };
}

function devicesIn(host: string, text: string): string[] {
  try {
    const links = JSON.parse(text) as { readonly ifname?: unknown }[];
    return links.flatMap(({ ifname }) => (typeof ifname === 'string' ? [ifname] : []));
  } catch {
    throw noAnswer(host, text);
  }
}

/** null: libvirt there knows none of that name. */
function networkIn(answer: string): NetworkOffer | null {
  const at = answer.indexOf('<network');
  if (at < 0) return null;
  const network = parseXml(answer.slice(at)).documentElement;
  if (network === null) return null;
  const forward = child(network, 'forward');
  return {
    isActive: /^active=yes$/m.test(answer),
    bridge: attribute(child(network, 'bridge'), 'name'),
    forward: forward === undefined ? '' : (attribute(forward, 'mode') ?? 'nat'),
  };
}

function noAnswer(host: string, printed: string): VxmigError {
  const start = printed.trim().slice(0, 200);
  return new VxmigError('HOST_UNFIT', `${host} does not tell what it has for a VM: ${start || '(nothing)'}`, {
    where: host,
    hint: '`ip -j link show` and `virsh net-list --all` must work there.',
  });
}
