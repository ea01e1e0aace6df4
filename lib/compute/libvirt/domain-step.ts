import type { HostShell } from '../../host/connection.js';
import type { Emit } from '../../model/event.js';
import type { DomainStep } from '../../plan/host-plan.js';
import { shutDownDomain } from './shutdown-domain.js';
import { startDomain } from './start-domain.js';
import * as virsh from './virsh.js';

/** One step of a plan of a host's VMs. @throws CommandError; VxmigError HOST_UNFIT where a domain does not come up */
export async function executeDomainStep(shell: HostShell, step: DomainStep, emit: Emit): Promise<void> {
  switch (step.kind) {
    case 'define':
      return await virsh.defineDomain(shell, step.xml);
    case 'update-nic':
      return await virsh.updateNic(shell, step.domain, step.xml);
    case 'mark':
      return await virsh.markDomain(shell, step.domain, step.element, step.which);
    case 'start':
      return await startDomain(shell, step.domain);
    case 'resume':
      return await virsh.resumeDomain(shell, step.domain);
    case 'shutdown': {
      const text = await shutDownDomain(shell, step.domain);
      if (text !== null) emit({ kind: 'warning', text });
      return;
    }
    case 'stop':
      return await virsh.destroyDomain(shell, step.domain);
    case 'undefine':
      return await virsh.undefineDomain(shell, step.domain);
  }
}
