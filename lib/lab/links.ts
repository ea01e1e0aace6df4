import { endianness } from 'node:os';
import { createRtNetlink, FlagsNew, type RtNetlinkSocket } from 'netlink';
import { bitsOf, type Ip, type Prefix } from '../model/address.js';

/*
 * The one place that speaks rtnetlink(7). The package works in the network namespace of its own process only; other
 * namespaces are reached by running netns-agent.js in them. A link can be created into another namespace, though:
 * IFLA_NET_NS_PID names it by a process, so that a veth never shows up here on its way to a host.
 */

// linux/if_link.h and linux/veth.h: attributes that the package leaves to its callers as raw bytes.
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_NET_NS_PID = 19;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFINFOMSG_LENGTH = 16;
const AF_INET = 2;
const AF_INET6 = 10;
const RT_TABLE_MAIN = 254;
const CREATE = FlagsNew.CREATE | FlagsNew.EXCL;

export interface LinkSummary {
  readonly index: number;
  readonly name: string;
}

export interface VethEnd {
  readonly name: string;
  /** A process in the namespace that the end goes to; null: this one. */
  readonly namespacePid: number | null;
  /** `02:…`; left out: the kernel takes a random one. */
  readonly mac?: string | undefined;
}

/** rtnetlink's answer, with the kernel's errno by name. */
export class LinkError extends Error {
  constructor(
    readonly what: string,
    readonly errno: string,
  ) {
    super(`${what}: the kernel says ${errno}`);
    this.name = 'LinkError';
  }
}

/** Links, addresses and routes of this process's network namespace. Close it when done. */
export class Links {
  private constructor(private readonly rt: RtNetlinkSocket) {}

  static open(): Links {
    return new Links(createRtNetlink());
  }

  close(): void {
    this.rt.socket.close();
  }

  async list(): Promise<LinkSummary[]> {
    const messages = await asking('listing links', this.rt.getLinks());
    return messages.map(({ data, attrs }) => ({
      index: data.index ?? 0,
      name: attrs.ifname ?? '',
    }));
  }

  async find(name: string): Promise<LinkSummary | null> {
    return (await this.list()).find((link) => link.name === name) ?? null;
  }

  async createBridge(name: string, mtu: number): Promise<void> {
    const linkinfo = attribute(IFLA_INFO_KIND, text('bridge'));
    await asking(`creating bridge ${name}`, this.rt.newLink({}, { ifname: name, mtu, linkinfo }, { flags: CREATE }));
  }

  /** Both ends appear at once, each in its namespace and under its name; if one name is taken, neither does. */
  async createVeth(near: VethEnd, far: VethEnd, mtu: number): Promise<void> {
    const peer = Buffer.concat([
      Buffer.alloc(IFINFOMSG_LENGTH),
      attribute(IFLA_IFNAME, text(far.name)),
      attribute(IFLA_MTU, u32(mtu)),
      ...(far.mac === undefined ? [] : [attribute(IFLA_ADDRESS, Buffer.from(far.mac.replaceAll(':', ''), 'hex'))]),
      ...(far.namespacePid === null ? [] : [attribute(IFLA_NET_NS_PID, u32(far.namespacePid))]),
    ]);
    const linkinfo = Buffer.concat([
      attribute(IFLA_INFO_KIND, text('veth')),
      attribute(IFLA_INFO_DATA, attribute(VETH_INFO_PEER, peer)),
    ]);
    const attributes = {
      ifname: near.name,
      mtu,
      linkinfo,
      ...(near.namespacePid === null ? {} : { netNsPid: near.namespacePid }),
    };
    await asking(`creating veth ${near.name}–${far.name}`, this.rt.newLink({}, attributes, { flags: CREATE }));
  }

  async setUp(name: string): Promise<void> {
    const index = await this.indexOf(name);
    await asking(`setting ${name} up`, this.rt.setLink({ index, flags: { up: true }, change: { up: true } }));
  }

  async setMaster(name: string, master: string): Promise<void> {
    const [index, masterIndex] = [await this.indexOf(name), await this.indexOf(master)];
    await asking(`making ${name} a port of ${master}`, this.rt.setLink({ index }, { master: masterIndex }));
  }

  async remove(name: string): Promise<void> {
    await asking(`removing ${name}`, this.rt.delLink({ index: await this.indexOf(name) }));
  }

  async addresses(): Promise<Prefix[]> {
    const messages = await asking('listing addresses', this.rt.getAddresses());
    return messages.flatMap(({ data, attrs }) => {
      const ip = ipOf(attrs.local ?? attrs.address);
      const length = data.prefixlen;
      return ip === null || length === undefined ? [] : [{ ip, length }];
    });
  }

  async addAddress(name: string, prefix: Prefix): Promise<void> {
    const bytes = bytesOf(prefix.ip);
    const family = prefix.ip.family === 4 ? AF_INET : AF_INET6;
    const data = { family, prefixlen: prefix.length, index: await this.indexOf(name) };
    await asking(
      `adding an address to ${name}`,
      this.rt.newAddress(data, { local: bytes, address: bytes }, { flags: CREATE }),
    );
  }

  /** The destinations of the routes of the main table; the default routes are left out. */
  async routedPrefixes(): Promise<Prefix[]> {
    const messages = await asking('listing routes', this.rt.getRoutes());
    return messages.flatMap(({ data, attrs }) => {
      const ip = ipOf(attrs.dst);
      return ip === null || data.table !== RT_TABLE_MAIN || !data.dstLen ? [] : [{ ip, length: data.dstLen }];
    });
  }

  async addDefaultRoute(gateway: Ip): Promise<void> {
    const data = {
      family: gateway.family === 4 ? AF_INET : AF_INET6,
      dstLen: 0,
      table: RT_TABLE_MAIN,
      protocol: 'STATIC',
      scope: 'UNIVERSE',
      type: 'UNICAST',
    } as const;
    await asking('adding the default route', this.rt.newRoute(data, { gateway: bytesOf(gateway) }, { flags: CREATE }));
  }

  private async indexOf(name: string): Promise<number> {
    const link = await this.find(name);
    if (link === null) throw new LinkError(`looking for ${name}`, 'ENODEV');
    return link.index;
  }
}

/** The package rejects with a text only ("Request rejected: EEXIST"). */
async function asking<Answer>(what: string, request: Promise<Answer>): Promise<Answer> {
  try {
    return await request;
  } catch (error) {
    const errno = error instanceof Error ? /rejected: (\w+)/.exec(error.message)?.[1] : undefined;
    throw errno === undefined ? error : new LinkError(what, errno);
  }
}

/** One netlink attribute (struct nlattr): length and type in host order, padded to 4 bytes. */
function attribute(type: number, payload: Buffer): Buffer {
  const length = 4 + payload.length;
  const buffer = Buffer.alloc(Math.ceil(length / 4) * 4);
  nativeView(buffer).setUint16(0, length, littleEndian);
  nativeView(buffer).setUint16(2, type, littleEndian);
  payload.copy(buffer, 4);
  return buffer;
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  nativeView(buffer).setUint32(0, value, littleEndian);
  return buffer;
}

const littleEndian = endianness() === 'LE';

function nativeView(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

function bytesOf(ip: Ip): Buffer {
  const digits = ip.value.toString(16).padStart(bitsOf(ip.family) / 4, '0');
  return Buffer.from(digits, 'hex');
}

function ipOf(bytes: Buffer | undefined): Ip | null {
  if (bytes === undefined || (bytes.length !== 4 && bytes.length !== 16)) return null;
  const value = BigInt(`0x${bytes.toString('hex')}`);
  return { family: bytes.length === 4 ? 4 : 6, value };
}
