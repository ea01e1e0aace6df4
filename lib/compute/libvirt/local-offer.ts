import { VxmigError } from '../../model/errors.js';
import type { LocalNetwork, LocalOffer, LocalRequest } from '../../model/local-offer.js';
import { attribute, child, parseXml } from '../../model/xml-element.js';

/**
 * What an end has of that which a definition names of its host. @param texts of its answer, by their section's name
 *
 * @throws VxmigError HOST_UNFIT where that is not told to its end: it is not taken for a host that has nothing
 */
export function localOfferIn(
  host: string,
  texts: (section: string) => readonly string[],
  { networks, paths }: LocalRequest,
): LocalOffer {
  const [devices = ''] = texts('devices');
  const [seen, found] = [texts('network'), texts('path')];
  const isWhole = seen.length === networks.length && found.length === paths.length && texts('end').length === 1;
  if (!isWhole) throw noAnswer(host, devices);
  return {
    devices: devicesIn(host, devices),
    networks: new Map(
      networks.flatMap((name, index): [string, LocalNetwork][] => {
        const network = networkIn(seen[index] ?? '');
        return network === null ? [] : [[name, network]];
      }),
    ),
    paths: paths.filter((_, index) => found[index] === 'there'),
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
function networkIn(answer: string): LocalNetwork | null {
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
