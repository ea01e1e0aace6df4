import type { CheckKind } from './kind.js';
import { BRIDGE } from './kinds/bridge.js';
import { COMMAND } from './kinds/command.js';
import { FDB } from './kinds/fdb.js';
import { MIGRATE } from './kinds/migrate.js';
import { MTU } from './kinds/mtu.js';
import { PACKET } from './kinds/packet.js';
import { PORT } from './kinds/port.js';
import { ISOLATED, REACH } from './kinds/reach.js';
import { TOPOLOGY } from './kinds/topology.js';
import { TRACE } from './kinds/trace.js';
import { TUNNEL } from './kinds/tunnel.js';
import { VERIFY } from './kinds/verify.js';
import type { KindName } from './rubric.js';

/** What a check can look at. */
export const KINDS: { readonly [Kind in KindName]: CheckKind<Kind> } = {
  topology: TOPOLOGY,
  bridge: BRIDGE,
  port: PORT,
  tunnel: TUNNEL,
  fdb: FDB,
  reach: REACH,
  isolated: ISOLATED,
  mtu: MTU,
  migrate: MIGRATE,
  command: COMMAND,
  packet: PACKET,
  trace: TRACE,
  verify: VERIFY,
};

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

/** The kind of a check whose kind is known at run time only: what it wants is what is written under that key. */
export function kindOf(name: KindName): CheckKind<KindName> {
  return KINDS[name] as unknown as CheckKind<KindName>;
}
