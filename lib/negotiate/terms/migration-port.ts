import type { Proposal, Transport } from '../configuration.js';
import type { Refusal, Term } from '../term.js';

const FEATURE = 'migration port';

export const MIGRATION_PORT: Term<Proposal> = {
  feature: FEATURE,
  rule: "The source gets through to the port of the destination's VTEP to which the memory is sent.",
  judge: (proposal) => {
    const refusal = portRefusal(proposal, proposal.transport);
    return refusal === null ? [] : [refusal];
  },
};

/** null: it gets through, or it was not looked at. */
export function portRefusal(
  { from, to }: { readonly from: string; readonly to: string },
  transport: Transport | null,
): Refusal | null {
  if (transport === null || transport.silence === null) return null;
  const { port, first, last, silence } = transport;
  return {
    code: 'HOST_UNFIT',
    feature: FEATURE,
    host: from,
    wanted: `TCP ${port} of ${to}`,
    has: silence,
    why:
      `${from} does not get through to TCP port ${port} of ${to}, to which the VM's memory would be sent: ` +
      `${silence}`,
    fix:
      `Open TCP ${first} to ${last} to ${from} in the firewall of ${to}, and in those on the way; \`vxmig doctor ` +
      'FILE` looks again.',
  };
}
