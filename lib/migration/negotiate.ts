import type { StorageProof } from '../model/disk.js';
import { howCopied } from '../model/disk-copy.js';
import { VxmigError } from '../model/errors.js';
import type { NegotiationStep } from '../model/negotiation.js';
import type { Proposal } from '../negotiate/configuration.js';
import { answerConfiguration, begin, type Exchange } from '../negotiate/exchange.js';
import { refusalError } from '../negotiate/refusal-error.js';
import type { Outlook, Run } from './migration.js';

/** What both ends have agreed on, and the copy goes by. */
export interface Agreed {
  readonly storage: StorageProof;
}

/**
 * The exchange before anything moves: request, configuration, begin. Both ends are asked what they have while `check`
 * looks at the VM; here their answers are laid side by side.
 */
export class Negotiation {
  readonly #steps: NegotiationStep[] = [];
  readonly #outlook: Promise<Outlook | null>;

  constructor(private readonly run: Run) {
    this.#outlook = run.lookAhead();
    // Who is not waited for, because `check` has failed, is not heard.
    this.#outlook.catch(() => undefined);
  }

  get steps(): readonly NegotiationStep[] {
    return this.#steps;
  }

  /** What is in the way, as it is known by then; null: nothing is, or nobody can tell. Never rejects. */
  async foreseen(): Promise<VxmigError | null> {
    const outlook = await this.#outlook.catch(() => null);
    return outlook?.obstacle ?? null;
  }

  /** @throws VxmigError HOST_UNFIT, DISK_NOT_SHARED with all that one of the two refuses; as Migration.lookAhead */
  async make(): Promise<Agreed> {
    const { source, domain } = this.run;
    const outlook = await this.#outlook;
    if (outlook === null) {
      throw new VxmigError('HOST_UNFIT', `the driver on ${source.name} does not know ${domain} any more`, {
        where: source.name,
        hint: 'It may have been stopped this moment: `vxmig status FILE` shows where it is.',
      });
    }
    const { request, offers, answer, storage } = outlook;
    this.#hear(outlook, answer);
    this.#hear(outlook, answerConfiguration(request, offers, proposalOf(this.run, outlook)));
    if (storage === null) throw new Error('no storage proven, and nothing refused');
    for (const remark of outlook.remarks) this.run.journal.warn(remark);
    this.#tell(begin(request));
    return { storage };
  }

  /** Whoever has been asked has answered: nothing of it goes on. Never rejects. */
  async close(): Promise<void> {
    await this.#outlook.catch(() => undefined);
  }

  #hear({ request }: Outlook, { steps, refusals }: Exchange): void {
    for (const step of steps) this.#tell(step);
    if (refusals.length > 0) throw refusalError(request, refusals);
  }

  #tell(step: NegotiationStep): void {
    this.#steps.push(step);
    this.run.journal.negotiated(step);
  }
}

/** VMs that come at the same time have been promised their memory; from here on this one has, too. */
function proposalOf({ placement, vm, source, destination, strategy, clocks }: Run, outlook: Outlook): Proposal {
  const { neededBytes, guestBytes, transport, storage } = outlook;
  const promisedBytes = placement.promisedBytes(destination.name, vm.name);
  placement.carry(vm.name, { neededBytes });
  const [here, there] = [clocks.offsets.get(source.name), clocks.offsets.get(destination.name)];
  return {
    vm: vm.name,
    from: source.name,
    to: destination.name,
    strategy: strategy.name,
    needs: strategy.needs,
    memory: { neededBytes, guestBytes, promisedBytes },
    transport,
    disks: (storage?.copies ?? []).map(({ target, sizeBytes, base }) => ({
      target,
      bytes: sizeBytes,
      copied: howCopied(base),
    })),
    clock:
      here === undefined || there === undefined
        ? null
        : { aheadMs: there.offsetMs - here.offsetMs, errorMs: there.errorMs + here.errorMs },
  };
}
