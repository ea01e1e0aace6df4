/** The three files of cloud-init's NoCloud (docs.cloud-init.io, "NoCloud"): a guest gets what the topology says. */
export interface Seed {
  readonly metaData: string;
  readonly userData: string;
  readonly networkConfig: string;
}

/** A medium that is to be written on a host. */
export interface SeedStep {
  readonly path: string;
  readonly seed: Seed;
  /** By which it is known later what it was made of. */
  readonly digest: string;
}
