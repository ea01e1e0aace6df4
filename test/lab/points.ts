import { LibvirtDriver } from '../../lib/compute/libvirt/driver.js';
import { HostSession } from '../../lib/controller/host-session.js';
import { Journal } from '../../lib/migration/journal.js';
import { OvsBackend } from '../../lib/network/ovs/backend.js';
import { OvsPath } from '../../lib/network/ovs/path.js';

/**
 * Calls `reach` at each point of an apply or a migration, for tests in which something happens just there. Of a
 * migration: `before STAGE`, `after STAGE`, `copying` (memory flows), `armed`, and QEMU's events, `STOP` and `RESUME`.
 * Of an apply: `before network`, `after network`, `before VMs`, `after VMs`, `before removals`, each on the first host
 * that comes to it.
 */
export function onPoints(reach: (point: string) => void): void {
  const seen = new Set<string>();
  const once = (point: string) => {
    if (seen.size !== seen.add(point).size) reach(point);
  };
  ofMigrations(once);
  ofApplies(once);
}

function ofMigrations(reach: (point: string) => void): void {
  const { stageBegan, stageEnded } = Journal.prototype;
  Journal.prototype.stageBegan = function (stage) {
    reach(`before ${stage}`);
    stageBegan.call(this, stage);
  };
  Journal.prototype.stageEnded = function (stage, durationMs, error) {
    stageEnded.call(this, stage, durationMs, error);
    if (error === null) reach(`after ${stage}`);
  };
  const { followRunState } = LibvirtDriver.prototype;
  LibvirtDriver.prototype.followRunState = async function (domain, onChange) {
    return await followRunState.call(this, domain, (change) => {
      onChange(change);
      const point = { stopped: 'STOP', resumed: 'RESUME', 'disk in sync': 'disks in sync' }[change.kind as string];
      if (point !== undefined) reach(point);
    });
  };
  const { redirect, queueDrops } = OvsPath.prototype;
  OvsPath.prototype.redirect = async function (request) {
    const made = await redirect.call(this, request);
    if (this.host !== request.from) return made;
    const arm = made.arm.bind(made);
    return Object.assign(made, {
      arm: async (holdMs: number) => {
        await arm(holdMs);
        reach('armed');
      },
    });
  };
  OvsPath.prototype.queueDrops = async function (vm) {
    reach('copying');
    return await queueDrops.call(this, vm);
  };
}

function ofApplies(reach: (point: string) => void): void {
  const { apply, prune } = OvsBackend.prototype;
  OvsBackend.prototype.apply = async function (scope) {
    if (scope.changes.length > 0) reach('before network');
    await apply.call(this, scope);
    if (scope.changes.length > 0) reach('after network');
  };
  const { executeDomains } = HostSession.prototype;
  HostSession.prototype.executeDomains = async function (steps, emit) {
    if (steps.length > 0) reach('before VMs');
    await executeDomains.call(this, steps, emit);
    if (steps.length > 0) reach('after VMs');
  };
  OvsBackend.prototype.prune = async function (scope) {
    const { prepare, ovs, commands } = scope.remove;
    if (prepare.length + ovs.length + commands.length > 0) reach('before removals');
    await prune.call(this, scope);
  };
}
