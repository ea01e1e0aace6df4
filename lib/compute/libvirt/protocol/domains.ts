import type { Duplex } from 'node:stream';
import { isAlive } from '../../../model/domain-state.js';
import { type LibvirtDomain, PAUSED_BY_MIGRATION } from '../../../model/libvirt-domain.js';
import { LibvirtConnection, LibvirtError } from './connection.js';
import { type XdrReader, XdrWriter } from './xdr.js';

/** Numbers of procedures in libvirt's src/remote/remote_protocol.x, which only ever gets new ones. */
const PROCEDURE = {
  connectOpen: 1,
  domainGetXmlDesc: 14,
  domainGetAutostart: 15,
  domainLookupByName: 23,
  authList: 66,
  authPolkit: 70,
  domainIsPersistent: 151,
  domainHasManagedSaveImage: 183,
  domainGetState: 212,
  connectListAllDomains: 273,
  domainManagedSaveGetXmlDesc: 388,
} as const;

const AUTH_NONE = 0;
const AUTH_POLKIT = 2;
/** The live definition where it is on; of neither does it show passwords (VIR_DOMAIN_XML_SECURE is 1). */
const XML_LIVE = 0;
/** VIR_DOMAIN_XML_INACTIVE: the persistent definition where there is one, else the live one. */
const XML_INACTIVE = 2;
/** VIR_ERR_NO_DOMAIN */
const NO_DOMAIN = 42;
const UUID_BYTES = 16;

/** What libvirt calls its states, by number (virDomainState), where vxmig tells them apart. */
const STATES = new Map([
  [1, 'running'],
  [3, 'paused'],
  [5, 'shut off'],
  [6, 'crashed'],
] as const);

/** virDomainPausedReason, in the words of virsh (virsh-domain-monitor.c). */
const PAUSED_REASONS = [
  'unknown',
  'user',
  'migrating',
  'saving',
  'dumping',
  'I/O error',
  'watchdog',
  'from snapshot',
  'shutting down',
  'creating snapshot',
  'crashed',
  'starting up',
  'post-copy',
  'post-copy failed',
  'api error',
];

interface DomainReference {
  readonly name: string;
  readonly uuid: Buffer;
  readonly id: number;
}

/** libvirt of one host, asked without starting a virsh there, which takes longer than all its answers. */
export class Libvirt {
  private constructor(private readonly connection: LibvirtConnection) {}

  /**
   * @param stream to the daemon's socket @throws LibvirtError, also where the daemon wants to know more than who we are
   */
  static async open(stream: Duplex, uri: string): Promise<Libvirt> {
    const connection = new LibvirtConnection(stream);
    try {
      const kinds = await connection.call(PROCEDURE.authList);
      const kind = await whole(async () => (kinds.uint() === 0 ? AUTH_NONE : kinds.uint()));
      if (kind === AUTH_POLKIT) await connection.call(PROCEDURE.authPolkit);
      else if (kind !== AUTH_NONE) throw new LibvirtError(`the daemon asks for authentication of kind ${kind}`);
      // The name may be left out, which a 1 or 0 before it says.
      await connection.call(PROCEDURE.connectOpen, new XdrWriter().uint(1).string(uri).uint(0));
      return new Libvirt(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  close(): void {
    this.connection.close();
  }

  /** Every domain, running or not. One that goes while the others are asked about is left out. */
  async domains(): Promise<LibvirtDomain[]> {
    const answer = await this.connection.call(PROCEDURE.connectListAllDomains, new XdrWriter().uint(1).uint(0));
    const references = await whole(async () => readReferences(answer));
    const domains = await Promise.all(references.map((reference) => orNull(this.#describe(reference))));
    return domains.flatMap((domain) => domain ?? []);
  }

  /** null where there is none of that name. */
  async domain(name: string): Promise<LibvirtDomain | null> {
    const lookup = this.connection.call(PROCEDURE.domainLookupByName, new XdrWriter().string(name));
    return await orNull(whole(() => lookup.then((answer) => this.#describe(readReference(answer)))));
  }

  async #describe(reference: DomainReference): Promise<LibvirtDomain> {
    const ask = (procedure: number) => this.connection.call(procedure, writeReference(reference));
    const define = (flags: number) =>
      this.connection.call(PROCEDURE.domainGetXmlDesc, writeReference(reference).uint(flags));
    const flagged = (procedure: number) => this.connection.call(procedure, writeReference(reference).uint(0));
    const [state, inactive, active, persistent, autostart, saved] = await Promise.all([
      flagged(PROCEDURE.domainGetState),
      define(XML_INACTIVE),
      define(XML_LIVE),
      ask(PROCEDURE.domainIsPersistent),
      ask(PROCEDURE.domainGetAutostart),
      flagged(PROCEDURE.domainHasManagedSaveImage),
    ]);
    const read = await whole(async () => {
      const [number, reason] = [state.int(), state.int()];
      return { state: stateOf(number), number: reason, xml: inactive.string(), live: active.string() };
    });
    const isSaved = await whole(async () => saved.int() !== 0);
    const reason = read.state === 'paused' ? (PAUSED_REASONS[read.number] ?? 'unknown') : '';
    const domain = {
      name: reference.name,
      state: read.state,
      reason,
      pausedByMigration: PAUSED_BY_MIGRATION.includes(reason),
      xml: read.xml,
      live: isAlive(read.state) ? read.live : isSaved ? await this.#savedDefinition(reference) : null,
      persistent: await whole(async () => persistent.int() !== 0),
      autostart: await whole(async () => autostart.int() !== 0),
      saved: isSaved,
    };
    for (const xml of [domain.xml, domain.live ?? domain.xml])
      if (!/^<domain[ >/]/.test(xml)) throw new LibvirtError(`the definition of ${domain.name} is none`);
    return domain;
  }

  async #savedDefinition(reference: DomainReference): Promise<string> {
    const answer = await this.connection.call(PROCEDURE.domainManagedSaveGetXmlDesc, writeReference(reference).uint(0));
    return await whole(async () => answer.string());
  }
}

function stateOf(number: number): LibvirtDomain['state'] {
  return [...STATES].find(([known]) => known === number)?.[1] ?? 'other';
}

/**
 * What is announced may be more than there is: an answer ends where its bytes do. Their number is said twice
 * (remote_connect_list_all_domains_ret): what is no such answer must not be taken for a host without domains.
 */
function readReferences(answer: XdrReader): DomainReference[] {
  const references: DomainReference[] = [];
  for (let left = answer.uint(); left > 0; left -= 1) references.push(readReference(answer));
  const again = answer.uint();
  if (again !== references.length || !answer.atEnd) throw new RangeError(`${references.length} domains, or ${again}`);
  return references;
}

/**
 * An answer that is shorter than what it should hold (XdrReader's RangeError) is one that the daemon should not give.
 */
async function whole<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof RangeError ? new LibvirtError(`an answer that cannot be read: ${error.message}`) : error;
  }
}

function readReference(answer: XdrReader): DomainReference {
  return { name: answer.string(), uuid: answer.fixed(UUID_BYTES), id: answer.int() };
}

function writeReference({ name, uuid, id }: DomainReference): XdrWriter {
  return new XdrWriter()
    .string(name)
    .fixed(uuid)
    .uint(id >>> 0);
}

async function orNull<Value>(answer: Promise<Value>): Promise<Value | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof LibvirtError && error.code === NO_DOMAIN) return null;
    throw error;
  }
}
