/**
 * What libvirt on a host tells of a domain. Definitions are as everybody may read them: libvirt leaves passwords out.
 */
export interface LibvirtDomain {
  readonly name: string;
  readonly state: 'running' | 'paused' | 'shut off' | 'crashed' | 'other';
  /**
   * Why it is in that state, in libvirt's words (virsh(1), `domstate --reason`): `user`, `migrating`, `I/O error`, …
   */
  readonly reason: string;
  /** As either end of one. */
  readonly pausedByMigration: boolean;
  /** The persistent definition where there is one, else the live one. */
  readonly xml: string;
  /**
   * With what it runs; where its memory is saved on disk, with what it comes back. null: it is off, and starts with
   * `xml`.
   */
  readonly live: string | null;
  /** False: it is gone when it ends. */
  readonly persistent: boolean;
  /** It starts with its host. */
  readonly autostart: boolean;
  /** Its memory is saved on disk (virsh(1), `managedsave`), and comes back at its next start. */
  readonly saved: boolean;
}

/** Why a domain is paused as an end of a migration, whose memory may not be whole. */
export const PAUSED_BY_MIGRATION: readonly string[] = ['migrating', 'post-copy', 'post-copy failed'];
