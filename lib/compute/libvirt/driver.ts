import type { HostShell } from '../../host/connection.js';
import { type JobStats, parseJobStats } from '../../measure/jobinfo.js';
import { parseQemuEvent, type QemuEvent, qemuEventsArgv } from '../../measure/qemu-events.js';
import { DomainDefinition } from '../../model/domain-definition.js';
import { isAlive } from '../../model/domain-state.js';
import { CommandError, VxmigError } from '../../model/errors.js';
import type { LibvirtDomain } from '../../model/libvirt-domain.js';
import { shellWord } from '../../model/quote.js';
import type { Vm } from '../../model/topology.js';
import { macRival } from '../../plan/mac-rival.js';
import { pendingText, pendingVm } from '../../plan/pending.js';
import type {
  DiskCopyChange,
  Follower,
  MigrationControl,
  MigrationJob,
  MigrationRequest,
  RunStateChange,
  VmDriver,
  VmSight,
} from '../driver.js';
import { DriverError } from '../driver-error.js';
import { domainsOf, observeDomain } from './domains.js';
import { failureHint, failureText } from './failure.js';
import type { GuardedJob } from './migrate-guard.js';
import * as virsh from './virsh.js';
import { abortJob, followMigrate, hasJob, LATE_ANSWER_MS, readJobStats } from './virsh-migrate.js';
import { openVirshShell } from './virsh-shell.js';

/** How others reach a host's libvirt, and where the memory of VMs that come there is sent. */
export interface LibvirtPlace {
  /** As another host's libvirtd reaches this one: `qemu+ssh://root@host-b/system`. */
  readonly uri: string;
  /** The VTEP's: no name has to be resolved. */
  readonly memoryAddress: string;
}

/** libvirt with QEMU on one host, spoken to over SSH. */
export class LibvirtDriver implements VmDriver {
  readonly host: string;
  /** By domain: what moves from here. */
  readonly #jobs = new Map<string, GuardedJob>();

  constructor(
    readonly shell: HostShell,
    readonly place: LibvirtPlace,
    /** Waits for its turn among the changes of the host. */
    private readonly inTurn: <Result>(change: () => Promise<Result>) => Promise<Result>,
  ) {
    this.host = shell.name;
  }

  async look(domain: string): Promise<VmSight | null> {
    const seen = await this.#asked(domain, observeDomain(this.shell, domain));
    return seen === null ? null : sightOf(this.host, seen);
  }

  async macRival(vm: Vm): Promise<string | null> {
    return macRival(vm, await domainsOf(this.shell));
  }

  async migrate(request: MigrationRequest): Promise<MigrationJob> {
    const { domain, to, clocks, note } = request;
    if (!(to instanceof LibvirtDriver)) {
      throw new VxmigError('HOST_UNFIT', `${to.host} does not run its VMs by libvirt, as ${this.host} does`, {
        where: to.host,
        hint: 'Both ends of a migration need the same.',
      });
    }
    const beganAtMs = Date.now();
    const command = await followMigrate(this.shell, {
      ...request,
      destinationUri: to.place.uri,
      migrateAddress: to.place.memoryAddress,
    });
    this.#jobs.set(domain, command);
    void command.ended.then(() => this.#jobs.delete(domain));
    const ends = { domain, source: this.shell, destination: to.shell };
    const outcome: MigrationJob['outcome'] = command.ended.then(async ({ exitCode, stderr }) => {
      if (exitCode === 0) return { kind: 'completed' };
      const why = await failureText(ends, { stderr, beganAtMs, clocks, note });
      return { kind: 'failed', why, hint: failureHint(ends) };
    });
    return {
      outcome,
      get isOver() {
        return command.isOver;
      },
    };
  }

  async control(domain: string): Promise<MigrationControl> {
    const shell = await openVirshShell(this.shell);
    const name = shellWord(domain);
    const say = async (command: string) => await this.#asked(domain, shell.question(command));
    return {
      statistics: async () => parseJobStats(await say(`domjobinfo --rawstats --domain ${name}`)),
      setMaxDowntime: async (ms) => void (await say(`migrate-setmaxdowntime --domain ${name} --downtime ${ms}`)),
      setSpeed: async (mib) => void (await say(`migrate-setspeed --domain ${name} --bandwidth ${mib}`)),
      startPostCopy: async () => void (await say(`migrate-postcopy --domain ${name}`)),
      close: () => shell.end(),
    };
  }

  async statistics(domain: string): Promise<JobStats | null> {
    return parseJobStats(await this.#asked(domain, readJobStats(this.shell, domain, 'running')));
  }

  async lastStatistics(domain: string): Promise<JobStats | null> {
    return parseJobStats(await this.#asked(domain, readJobStats(this.shell, domain, 'completed')));
  }

  async hasJob(domain: string): Promise<boolean> {
    return await this.#asked(domain, hasJob(this.shell, domain));
  }

  async cancel(domain: string): Promise<void> {
    const late = setTimeout(() => this.#jobs.get(domain)?.sever(), LATE_ANSWER_MS);
    await this.#asked(domain, abortJob(this.shell, domain)).finally(() => clearTimeout(late));
  }

  /** At once: a guest that stands still waits for no other change of the host. */
  async resume(domain: string): Promise<void> {
    await this.#asked(domain, virsh.resumeDomain(this.shell, domain));
  }

  async stop(domain: string): Promise<void> {
    await this.inTurn(() => this.#asked(domain, virsh.destroyDomain(this.shell, domain)));
  }

  async forget(domain: string): Promise<void> {
    await this.inTurn(() => this.#asked(domain, virsh.undefineDomain(this.shell, domain)));
  }

  async startWithHost(domain: string): Promise<void> {
    await this.inTurn(() => this.#asked(domain, virsh.autostartDomain(this.shell, domain)));
  }

  async followRunState(domain: string, onChange: (change: RunStateChange | DiskCopyChange) => void): Promise<Follower> {
    // Of all domains: at the destination there is none yet.
    const command = await this.shell.follow(qemuEventsArgv(null), 'TERM');
    command.on('line', (line) => {
      const event = parseQemuEvent(line);
      const change = event?.domain === domain ? (runStateOf(event) ?? diskCopyOf(event)) : null;
      if (change !== null) onChange(change);
    });
    return command;
  }

  async #asked<Answer>(domain: string, answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      throw this.#failure(domain, error);
    }
  }

  /** A broken connection to the host is none of libvirt's failures. */
  #failure(domain: string, error: unknown): unknown {
    if (!(error instanceof VxmigError) || error.code !== 'COMMAND_FAILED') return error;
    // It has answered, with a failure; but who waits for another's job to end in vain has had no answer.
    if (error instanceof CommandError && error.exitCode !== null && !/state change lock/.test(error.stderr))
      return new DriverError('refused', error);
    const what =
      `libvirt on ${this.host} gave no answer about ${domain} (${error.message}): it, or the VM's ` +
      'QEMU, stands still';
    return new DriverError(
      'silent',
      new VxmigError('COMMAND_FAILED', what, {
        where: this.host,
        hint:
          "Storage that does not answer does that: is the server of the VM's disks there for its hosts? libvirtd " +
          `itself is looked at with \`virsh list\` on ${this.host}.`,
        cause: error,
      }),
    );
  }
}

/** QEMU's events (qapi/run-state.json, qapi/migration.json). */
function runStateOf({ event, atMs, data }: QemuEvent): RunStateChange | null {
  if (event === 'STOP') return { kind: 'stopped', atMs };
  if (event === 'RESUME') return { kind: 'resumed', atMs };
  return event === 'MIGRATION' && data.status === 'postcopy-active' ? { kind: 'post-copy began', atMs } : null;
}

/** qapi/block-core.json: BLOCK_JOB_READY, BLOCK_JOB_COMPLETED; qapi/job.json: JOB_STATUS_CHANGE. */
function diskCopyOf({ event, atMs, data }: QemuEvent): DiskCopyChange | null {
  const { id, status, device, type, offset } = data;
  if (event === 'JOB_STATUS_CHANGE' && status === 'created' && typeof id === 'string')
    return { kind: 'disk began', job: id, bytes: null, atMs };
  const kind = { BLOCK_JOB_READY: 'disk in sync', BLOCK_JOB_COMPLETED: 'disk ended' }[event] as DiskCopyChange['kind'];
  if (kind === undefined || type !== 'mirror' || typeof device !== 'string') return null;
  return { kind, job: device, bytes: typeof offset === 'number' ? offset : null, atMs };
}

/** What libvirt has said of a domain on that host. */
export function sightOf(host: string, seen: LibvirtDomain): VmSight {
  const { name, state, xml, live } = seen;
  const definition = DomainDefinition.parse(xml);
  const running = live === null ? definition : DomainDefinition.parse(live);
  return {
    id: definition.uuid,
    state,
    reason: seen.reason,
    isAlive: isAlive(state),
    pausedByMigration: seen.pausedByMigration,
    startsWithHost: seen.autostart,
    isTransient: !seen.persistent,
    memoryBytes: definition.memoryBytes,
    unlinkedMacs: running.interfaces.flatMap(({ mac, linkDown }) => (linkDown ? [mac] : [])),
    pending: (nics) => {
      const pending = pendingVm(host, { name, state, xml, live, saved: false }, nics);
      if (pending === null) return null;
      return pendingText(pending);
    },
  };
}
