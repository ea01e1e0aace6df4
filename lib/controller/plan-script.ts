import { DOMAIN_COMMANDS } from '../compute/libvirt/virsh.js';
import { migrateArgv } from '../compute/libvirt/virsh-migrate.js';
import { mountCommand, unmountCommand } from '../host/mounts.js';
import { commandText } from '../host/script.js';
import { removeSeedsCommand, writeSeedCommand } from '../host/seeds.js';
import { makeVolumeCommand, removeVolumeCommand, settleVolumeCommand } from '../host/volumes.js';
import type { UploadStep } from '../model/base-image.js';
import type { Change } from '../model/change.js';
import { WITHOUT_DISKS } from '../model/disk.js';
import { SCRIPT_STEPS, type ScriptSection, type ScriptStep } from '../model/plan-script.js';
import { shellLine } from '../model/quote.js';
import type { Topology } from '../model/topology.js';
import { flowCommand } from '../network/ovs/openflow.js';
import { domainOf } from '../plan/desired-vms.js';
import { volumesOfOneHost } from '../plan/disk-xml.js';
import { removalOf } from '../plan/domain-plan.js';
import type { DomainStep, OvsChange, OvsScope } from '../plan/host-plan.js';
import type { PlannedMigration } from '../plan/network-planner.js';
import type { PlannedMove } from '../plan/ovs-planner.js';
import { ovsVsctl } from '../plan/ovs-vsctl.js';
import type { Plan } from '../plan/plan.js';
import { hostOf, vtepOf } from '../plan/topology-parts.js';
import { strategyFor } from '../strategies/registry.js';
import { libvirtUriOf } from './host-address.js';

/**
 * The plan as commands that a person would type, in the order in which apply does it. A migration is the plain one of
 * virsh: apply's own also sends frames ahead, measures, and rolls back.
 */
export function planScript(topology: Topology, planned: Plan<OvsScope>, moves: Moves): ScriptSection[] {
  const plan = { ...planned, moves };
  const sections = SCRIPT_STEPS.flatMap((step) =>
    plan.vms.map(({ host }) => ({ step, host, commands: commandsOf(topology, plan, host, step) })),
  );
  return sections.flatMap(({ step, host, commands }) => {
    if (commands.length === 0) return [];
    const changes = changesOf(plan, host).filter((change) => stepOf(plan, change) === step);
    return [{ step, host, script: `${[...changes.map(remark), ...commands].join('\n')}\n` }];
  });
}

type Moves = ReadonlyMap<string, PlannedMove>;
type ScriptedPlan = Plan<OvsScope> & { readonly moves: Moves };

function commandsOf(topology: Topology, plan: ScriptedPlan, host: string, step: ScriptStep): string[] {
  const move = plan.moves.get(host);
  const scope = plan.scopes.find((candidate) => candidate.host === host);
  const vms = plan.vms.find((candidate) => candidate.host === host);
  const mounts = plan.mounts.find((candidate) => candidate.host === host);
  if (scope === undefined || vms === undefined) return [];
  switch (step) {
    case 'networks': {
      const { prepare, ovs, settle, flows } = move?.before ?? scope;
      return [
        ...prepare.map(commandText),
        ...ovsText(ovs),
        ...settle.map(commandText),
        ...flows.map(({ bridge, diff }) => commandText(flowCommand(bridge, diff))),
      ];
    }
    case 'vms':
      return [
        ...leftOn(plan, host).map(domainText),
        ...vms.keepVolumes.map((volume) => commandText(settleVolumeCommand(volume))),
        ...(mounts?.mounts ?? []).map((step) => commandText(mountCommand(step))),
        ...vms.uploads.map(uploadText),
        ...vms.seeds.map((seed) => commandText(writeSeedCommand(seed))),
        ...vms.volumes.map((volume) => commandText(makeVolumeCommand(volume))),
        ...vms.steps.map(domainText),
      ];
    case 'migrations':
      return plan.migrations.filter(({ from }) => from === host).map((one) => migrationText(topology, one));
    case 'removals':
      return [
        ...(move?.after.flows.map(({ bridge, diff }) => commandText(flowCommand(bridge, diff))) ?? []),
        ...(move === undefined ? [] : vsctl(move.after.ports.map(({ bridge, port }) => ['del-port', bridge, port]))),
        ...(move?.after.commands.map(commandText) ?? []),
        ...vms.remove.map(domainText),
        ...(vms.removeSeeds.length === 0 ? [] : [commandText(removeSeedsCommand(vms.removeSeeds))]),
        ...vms.removeVolumes.map((volume) => commandText(removeVolumeCommand(volume))),
        ...scope.remove.prepare.map(commandText),
        ...ovsText(scope.remove.ovs),
        ...scope.remove.commands.map(commandText),
        ...(mounts?.unmounts ?? []).map((removal) => commandText(unmountCommand(removal))),
      ];
  }
}

/** Where VMs move, the host's own changes leave out what they need on their way. */
function changesOf(plan: ScriptedPlan, host: string): readonly Change[] {
  const own = plan.changes.filter((change) => change.host === host);
  const needs = plan.moves.get(host)?.before.changes ?? [];
  return [
    ...own,
    ...needs.filter(
      ({ kind, name, action }) => action !== 'delete' && !own.some((one) => one.kind === kind && one.name === name),
    ),
  ];
}

/** What goes before the host's own VMs are seen to. */
function leftOn(plan: Plan, host: string): DomainStep[] {
  const left = plan.leftCopies.filter((copy) => copy.host === host);
  return left.flatMap(({ domain, state }) => removalOf({ name: domain, state, xml: '<domain/>' }));
}

function stepOf(plan: ScriptedPlan, change: Change): ScriptStep {
  const { host, kind, name, action } = change;
  if (kind === 'vm' && plan.leftCopies.some((copy) => copy.host === host && copy.domain === name)) return 'vms';
  if (action === 'migrate') return 'migrations';
  if (action === 'delete') return goesAtOnce(plan, change) ? 'networks' : 'removals';
  return ['vm', 'seed', 'disk', 'image', 'mount'].includes(kind) ? 'vms' : 'networks';
}

/** What would be in the way of its successor does not wait for the removals. */
function goesAtOnce({ scopes }: ScriptedPlan, { host, name }: Change): boolean {
  const ovs = scopes.find((candidate) => candidate.host === host)?.ovs ?? [];
  return ovs.some((one) => one.kind === 'delete-port' && one.port === name);
}

/** Reasons tell what is on the host, and that may hold anything: also what would end a comment. */
function remark({ kind, name, action, why }: Change): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not get through
  return `# ${action} ${kind} ${name}: ${why}`.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

function ovsText(changes: readonly OvsChange[]): string[] {
  return vsctl(ovsVsctl(changes));
}

/** One transaction, a line for each part of it. */
function vsctl(subCommands: readonly (readonly string[])[]): string[] {
  if (subCommands.length === 0) return [];
  return [['ovs-vsctl', ...subCommands.map((words) => `-- ${shellLine(words)}`)].join(' \\\n  ')];
}

/** It lies on another machine: a script can only look whether it is there. */
function uploadText({ source, place, digest }: UploadStep): string {
  const told = shellLine(['echo', `copy ${source} there first, as ${place}`]);
  const sum = `echo ${shellLine([`${digest}  ${place}`])} | sha256sum --check --quiet`;
  return `${sum} || { ${told} >&2; exit 1; }`;
}

function domainText(step: DomainStep): string {
  if (step.kind === 'define') return commandText(DOMAIN_COMMANDS.define(step.xml));
  if (step.kind === 'update-nic') return commandText(DOMAIN_COMMANDS['update-nic'](step.domain, step.xml));
  if (step.kind === 'mark') return commandText(DOMAIN_COMMANDS.mark(step.domain, step.element, step.which));
  const text = commandText(DOMAIN_COMMANDS[step.kind](step.domain));
  if (step.kind !== 'shutdown') return text;
  const state = commandText({ argv: ['virsh', '-q', '-c', 'qemu:///system', 'domstate', '--domain', step.domain] });
  return `${text}\nuntil ${state} | grep -q 'shut off'; do sleep 1; done`;
}

function migrationText(topology: Topology, { vm: name, to }: PlannedMigration): string {
  const vm = topology.vms.find((candidate) => candidate.name === name);
  if (vm === undefined) throw new Error(`no VM ${name} in topology ${topology.name}`);
  const target = hostOf(topology, to);
  const { bandwidthBytesPerSecond } = vm.migration;
  const strategy = strategyFor(vm.migration);
  const { postCopy, autoConverge } = strategy.asksFor;
  const command = shellLine(
    migrateArgv({
      domain: domainOf(vm),
      destinationUri: libvirtUriOf(target),
      migrateAddress: vtepOf(target),
      postCopy: postCopy ? 'by itself' : 'never',
      autoConverge,
      bandwidthBytesPerSecond,
      // A script proves nothing: libvirt's own doubts stay in force.
      storage: WITHOUT_DISKS,
    }),
  );
  const isAlone = volumesOfOneHost(topology, vm).length > 0;
  const remarks = [
    ...(isAlone || vm.migration.copyStorage !== null ? [ALONE] : []),
    ...(strategy.alwaysSteers
      ? [`# ${strategy.name} is steered by vxmig all the while: virsh alone does not do it.`]
      : []),
  ];
  return [...remarks, command].join('\n');
}

const ALONE = '# virsh refuses what only this host has: `vxmig apply` and `vxmig migrate` copy such disks along.';
