import type { TransferFigures } from '../model/migration-result.js';
import { Announcements, takeIn } from './announce.js';
import { type Checked, check } from './check.js';
import { Copy } from './copy.js';
import type { Run } from './migration.js';
import { type Agreed, Negotiation } from './negotiate.js';
import { redirect } from './redirect.js';
import { release } from './release.js';
import { Reservation } from './reserve.js';
import { cancelAndSettle } from './settle.js';
import type { Early, StageInfo, Stages, Story } from './stage.js';
import { switchOver, whatWasTransferred } from './switch-over.js';
import { Verification } from './verify.js';

const CHECK: StageInfo = {
  kind: 'check',
  name: 'check',
  purpose: 'The VM runs at the source alone, and the guest answers.',
};
const NEGOTIATE: StageInfo = {
  kind: 'check',
  name: 'negotiate',
  purpose:
    'Both ends say what they have, and agree to the request and to the configuration; what does not fit is refused.',
};
const RESERVE: StageInfo = {
  kind: 'reversible',
  name: 'reserve',
  purpose: 'The destination gets the tap, its port and its flows, and images for disks that come along.',
};
const COPY: StageInfo = {
  kind: 'reversible',
  name: 'copy',
  purpose: 'Disks that come along and the memory are copied while the guest runs, until little is left.',
};
const REDIRECT: StageInfo = {
  kind: 'reversible',
  name: 'redirect',
  purpose: 'Frames for the guest are sent ahead to the destination, where they wait; QEMU may pause the guest.',
};
const SWITCH_OVER: StageInfo = {
  kind: 'commit',
  name: 'switch over',
  purpose: 'The rest is sent and the guest runs at the destination: no way back from here.',
};
const ANNOUNCE: StageInfo = {
  kind: 'finish',
  name: 'announce',
  purpose: 'RARP, gratuitous ARP and neighbour advertisements from the new port.',
};
const VERIFY: StageInfo = {
  kind: 'finish',
  name: 'verify',
  purpose: 'Every FDB points to the new place, and every probe is answered from there.',
};
const RELEASE: StageInfo = {
  kind: 'finish',
  name: 'release',
  purpose: 'The VM runs once; the source gives back tap, port and flows, and what it had of disks that came along.',
};

/** A migration's stages in the order in which they are told. docs/life-of-a-migration.md tells the same as a story. */
export const MIGRATION_STAGES: readonly StageInfo[] = [
  CHECK,
  NEGOTIATE,
  RESERVE,
  COPY,
  REDIRECT,
  SWITCH_OVER,
  ANNOUNCE,
  VERIFY,
  RELEASE,
];

/** What the stages have found; null: it did not come to that. */
export interface Findings {
  readonly checked: Checked | null;
  readonly negotiation: Negotiation | null;
  readonly reservation: Reservation | null;
  readonly copy: Copy | null;
  readonly transfer: TransferFigures | null;
  readonly announcements: Announcements | null;
  readonly verification: Verification | null;
}

/** The control flow of a migration, all of it. */
export class MigrationStory implements Story, Findings {
  #checked: Checked | null = null;
  #negotiation: Negotiation | null = null;
  #reserved: Reserved | null = null;
  #transfer: TransferFigures | null = null;

  constructor(private readonly run: Run) {}

  async there(stages: Stages): Promise<void> {
    const { run } = this;
    const negotiation = new Negotiation(run);
    this.#negotiation = negotiation;
    const checked = await stages.check(CHECK, () => check(run, () => negotiation.foreseen()));
    this.#checked = checked;
    const agreed = await stages.check(NEGOTIATE, () => negotiation.make());
    const reserved = new Reserved(run, { ...checked, ...agreed }, stages);
    this.#reserved = reserved;
    const { reservation, copy } = reserved;
    const settle = () => cancelAndSettle(run, copy.job, checked.id);
    await stages.reversible(RESERVE, () => reservation.make(), { undo: () => reservation.undo() });
    await stages.reversible(COPY, () => copy.make(), { settle });
    // Frames go to the source again, where the VM is as far as anybody knows: whether it had been let go, `settle`
    // finds out.
    const undo = () => reservation.redirects.close();
    await stages.reversible(REDIRECT, () => redirect(run, reservation, copy), { undo });
    this.#transfer = await stages.commit(SWITCH_OVER, () => switchOver(run, reservation, copy), settle);
  }

  async after(stages: Stages): Promise<void> {
    const { run } = this;
    const [checked, reserved] = [this.#checked, this.#reserved];
    if (checked === null || reserved === null) throw new Error('a VM that moved without a reservation');
    // An attempt to call it off came too late: it was not waited for then.
    this.#transfer ??= await whatWasTransferred(run).catch(() => null);
    await stages.finish(reserved.announcing);
    await stages.finish(reserved.verifying);
    await stages.finish(RELEASE, () => release(run, checked, reserved.reservation));
  }

  /** What only watches, and whatever is still open. Never rejects. */
  async close(): Promise<void> {
    const reservation = this.#reserved?.reservation;
    await Promise.allSettled([this.#negotiation?.close(), reservation?.close(), reservation?.stopSteering()]);
  }

  get checked(): Checked | null {
    return this.#checked;
  }

  get negotiation(): Negotiation | null {
    return this.#negotiation;
  }

  get reservation(): Reservation | null {
    return this.#reserved?.reservation ?? null;
  }

  get copy(): Copy | null {
    return this.#reserved?.copy ?? null;
  }

  get transfer(): TransferFigures | null {
    return this.#transfer;
  }

  get announcements(): Announcements | null {
    return this.#reserved?.announcements ?? null;
  }

  get verification(): Verification | null {
    return this.#reserved?.verification ?? null;
  }
}

/**
 * What takes part from `reserve` on; and the stages that begin when the guest runs at the destination, whatever is
 * still waited for at the source.
 */
class Reserved {
  readonly reservation: Reservation;
  readonly copy: Copy;
  readonly announcements: Announcements;
  readonly verification: Verification;
  readonly announcing: Early<void>;
  readonly verifying: Early<void>;

  constructor(run: Run, checked: Checked & Agreed, stages: Stages) {
    const { arrived } = run.switchover;
    this.reservation = new Reservation(run, checked.storage.copies);
    this.copy = new Copy(run, checked, this.reservation);
    this.announcements = new Announcements(run, this.reservation.moving);
    this.verification = new Verification(run, this.reservation, this.announcements);
    const takenIn = deferred();
    this.announcing = stages.early(ANNOUNCE, arrived, async () => {
      this.reservation.moving.takeLatecomers();
      await this.announcements.firstRound();
      const taking = takeIn(run, this.reservation);
      taking.then(takenIn.resolve, takenIn.resolve);
      await Promise.all([taking, this.announcements.otherRounds()]);
    });
    this.verifying = stages.early(VERIFY, takenIn.promise, async (turn) => {
      const strays = await this.verification.converge();
      await turn;
      await this.verification.conclude(strays);
    });
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
