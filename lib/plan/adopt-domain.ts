import { VxmigError } from '../model/errors.js';
import { shellWord } from '../model/quote.js';

/** A NIC of a domain that somebody else has defined, and the tap that vxmig has for it. */
export interface AdoptedNic {
  readonly mac: string;
  readonly device: string;
  readonly mtu: number;
}

/**
 * The definition of an existing domain with its NICs connected to vxmig's taps; everything else stays as it is. The same
 * text comes back where they are connected already.
 *
 * @throws VxmigError HOST_UNFIT where the domain has no NIC of that MAC
 */
export function connectNics(domain: string, xml: string, nics: readonly AdoptedNic[]): string {
  return nics.reduce((text, nic) => connectNic(domain, text, nic), xml);
}

function connectNic(domain: string, xml: string, nic: AdoptedNic): string {
  const block = interfaceOf(xml, nic.mac);
  if (block === undefined) {
    throw new VxmigError('HOST_UNFIT', `the domain ${domain} has no network interface with the MAC ${nic.mac}`, {
      where: domain,
      hint: `Add one with \`virsh attach-interface ${shellWord(domain)} --config …\`, or mend \`mac:\` in the topology.`,
    });
  }
  if (isConnected(block, nic)) return xml;
  // What says how the guest sees its NIC is kept: its place on the bus, its model, its driver's settings.
  const kept = ['model', 'driver', 'boot', 'rom', 'address'].flatMap((name) => elementOf(block, name));
  const connected = [
    `<interface type='ethernet'>`,
    `<mac address='${nic.mac}'/>`,
    `<target dev='${nic.device}' managed='no'/>`,
    `<mtu size='${nic.mtu}'/>`,
    ...kept,
    `</interface>`,
  ];
  return xml.replace(block, () => connected.join('\n      ').replace(/ {2}<\/interface>$/, '</interface>'));
}

function isConnected(block: string, nic: AdoptedNic): boolean {
  const target = /<target [^>]*>/.exec(block)?.[0] ?? '';
  return (
    /^<interface [^>]*type=['"]ethernet['"]/.test(block) &&
    new RegExp(`dev=['"]${nic.device}['"]`).test(target) &&
    /managed=['"]no['"]/.test(target) &&
    new RegExp(`<mtu size=['"]${nic.mtu}['"]`).test(block)
  );
}

/** The `<interface>` of that MAC. */
export function interfaceOf(xml: string, mac: string): string | undefined {
  return [...xml.matchAll(/<interface [^>]*>[\s\S]*?<\/interface>/g)]
    .map(([text]) => text)
    .find((text) => new RegExp(`<mac address=['"]${mac}['"]`, 'i').test(text));
}

/** An element with its content, or none. */
function elementOf(block: string, name: string): string[] {
  const found = new RegExp(`<${name}( [^>]*)?(/>|>[\\s\\S]*?</${name}>)`).exec(block)?.[0];
  return found === undefined ? [] : [found];
}
