import { CONFIGURATION_TERMS, REQUEST_TERMS } from '../../lib/negotiate/terms.js';

const rows = (terms: readonly { readonly feature: string; readonly rule: string }[]) =>
  terms.map(({ feature, rule }) => `| ${feature} | ${rule} |`).join('\n');

export function negotiationPage(): string {
  return `# Negotiation: what both ends agree on before a VM moves

<!-- Written by \`npm run docs\` from lib/negotiate/. -->

Each end of a move is asked once, at the same time as the other, for all that it has (its *offer*). What the VM
needs (the *request*) and
how it is to be moved (the *configuration*) are then laid before both, and each agrees or refuses with reasons.
Whoever refuses names the feature,
what is wanted, what it has instead, and the fix; all that is in the way is told at once, and nothing has been touched.

\`\`\`mermaid
sequenceDiagram
  participant V as vxmig
  participant A as source
  participant B as destination
  V->>A: request
  V->>B: request
  A-->>V: ok, or refused: the VM cannot leave as it stands
  B-->>V: ok, or refused: the VM cannot be there
  V->>A: configuration
  V->>B: configuration
  A-->>V: ok, or refused: the way is closed
  B-->>V: ok, or refused: there is no room
  V->>A: begin
\`\`\`

\`migrate --json\` has it as \`negotiation\`, a step for each answer: \`{step, host, ok, why, reasons,
configuration}\`. \`plan\` and \`apply\` look in the same way
before they begin, and \`doctor\` for each domain that somebody else has defined. What is not known is no refusal: a
*doubt* is told beside an answer that agrees; libvirt and
QEMU look themselves when the copy begins, and then the VM stays where it is.

## The request

Besides these the source refuses what keeps the VM where it is: disks that the other host does not see
([storage](decisions/0024-storage-is-seen-by-both-hosts.md), which includes the firmware's file), devices that are a
part of the host, a TPM, snapshots, block jobs; and what its definition names of the host and the other one has not: the
bridge, network, tap or script of a NIC that the topology does not name, the template of its firmware's variables, the
address of its screen. What comes along and not as it was is told as a warning.

| feature | what has to hold |
| --- | --- |
${rows(REQUEST_TERMS)}

## The configuration

| feature | what has to hold |
| --- | --- |
${rows(CONFIGURATION_TERMS)}

## A CPU for all hosts

\`host-passthrough\` and \`maximum\` are whatever the host has: such a VM goes only to a host with the same
processor, or under TCG the same QEMU.
\`host-model\` is spelt out by libvirt when the VM starts: it goes to each host that has as much as the one where it
was started, and with its next start it becomes
what that host has. So it may go from the older host to the newer one, and after a restart there not back. A named
model goes wherever the model is. \`vxmig plan\` asks all hosts
what they have; where they differ it prints the \`<cpu>\` that each of them can give, and what each gives up with it
(\`cpuBaseline\` with \`--json\`).

\`cpu: baseline\` has a VM that vxmig makes given exactly that: \`plan\` and \`apply\` ask all hosts of the file, the
first of them reckons what
they have in common, and that is written into the definition, the same on every host (with one host, what that one
has). Such a VM goes from each host to each other, and also back
after a restart, where one of \`host-model\` would not. Where the hosts can give something else later, because one has
come, gone, or got another QEMU, \`plan\` shows the
definition as changed, with the features that come and go; as with every change of a definition the VM runs on with what
it has, and gets the new one with its
next start. Where a host does not tell what it can give, or they have nothing in common, no VM is defined with
something else: \`plan\` and \`apply\` refuse it
(\`vms.NAME.cpu\`) before anything is touched. One that is defined already keeps the CPU that it was given, with a
warning, so that it can still be moved, away from such a host too.
A domain that somebody else has defined (\`domain:\`) keeps the CPU of its definition.

A term is an entry in a file of \`lib/negotiate/terms/\` and in \`lib/negotiate/terms.ts\`; what it looks at is read
by \`lib/compute/libvirt/offer-sight.sh\`.
`;
}
