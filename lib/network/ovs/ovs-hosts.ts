import type { HostShell } from '../../host/connection.js';
import type { Topology } from '../../model/topology.js';
import type { ObservedHost } from '../../plan/observed.js';
import type { OvsSession } from './ovs-session.js';

/** A connected host, as the backend needs it. */
export interface OvsHostSession {
  readonly name: string;
  readonly shell: HostShell;
  readonly network: OvsSession;
  readonly observed: ObservedHost;
  observe(topology: string): Promise<ObservedHost>;
  /** Ports and their numbers alone, after a change. */
  observePorts(): Promise<void>;
  /** Does it when all changes that were asked for before have ended. */
  inTurn<Result>(change: () => Promise<Result>): Promise<Result>;
}

/** All connected hosts of one topology. */
export interface OvsHosts {
  readonly topology: Topology;
  readonly sessions: ReadonlyMap<string, OvsHostSession>;
  /** @throws Error where it is not connected */
  session(host: string): OvsHostSession;
}
