import { type ChangeFeed, followChanges } from '../host/change-feed.js';
import { messageOf } from '../model/errors.js';
import type { Host, Topology } from '../model/topology.js';
import { TableMonitor } from '../ovsdb/monitor.js';
import { OPEN_VSWITCH } from '../ovsdb/vswitch.js';
import { isTransient } from '../pipeline/cookie.js';
import { sshOf } from './host-address.js';
import { HostSession } from './host-session.js';
import { expectedOf } from './observe.js';

/** What the plan looks at: statistics change all the time. */
const COLUMNS = {
  Open_vSwitch: ['bridges'],
  Bridge: ['name', 'datapath_type', 'fail_mode', 'external_ids', 'other_config', 'flow_tables', 'ports', 'controller'],
  Port: ['name', 'external_ids', 'interfaces'],
  Interface: ['name', 'type', 'options', 'ofport', 'ofport_request', 'mtu_request', 'error', 'external_ids'],
} as const;

/** A host whose changes are heard of as they happen. */
export class WatchedHost {
  private constructor(
    readonly session: HostSession,
    private readonly feed: ChangeFeed,
  ) {}

  /**
   * @param stir something may have changed there
   * @throws VxmigError SSH_CONNECT, SSH_HOST_KEY, OVSDB
   */
  static async open(topology: Topology, host: Host, stir: () => void): Promise<WatchedHost> {
    return await WatchedHost.of(topology, await HostSession.open(host.name, sshOf(host), expectedOf(topology)), stir);
  }

  /** The same of one that is connected; the session is closed with it, also where it fails. @throws OvsdbError */
  static async of(topology: Topology, session: HostSession, stir: () => void): Promise<WatchedHost> {
    const { bridges } = expectedOf(topology);
    try {
      const monitor = await TableMonitor.start(session.ovs.connection, OPEN_VSWITCH, COLUMNS);
      monitor.onChange(stir);
      const counts = (flow: { readonly cookie: bigint }) => !isTransient(flow);
      return new WatchedHost(session, followChanges(session.shell, { bridges, counts }, stir));
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Resolves with the reason when the host is gone. */
  get lost(): Promise<string> {
    return this.session.ovs.connection.closed.then(messageOf);
  }

  /**
   * Whether no controller changes the host just now. Nobody has to wait for us because we have looked. @throws
   * OvsdbError
   */
  async isQuiet(): Promise<boolean> {
    const lock = await this.session.ovs.askForLock({ steal: false });
    const isFree = lock.isHeld;
    await lock.release();
    return isFree;
  }

  async close(): Promise<void> {
    // On a connection that is lost they have ended by themselves.
    if (this.session.ovs.connection.isOpen) await this.feed.stop();
    else void this.feed.stop().catch(() => undefined);
    this.session.close();
  }
}
