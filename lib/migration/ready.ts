import { messageOf } from '../model/errors.js';
import { tapName } from '../model/names.js';
import type { Run } from './migration.js';
import type { MovingMacs } from './moving-macs.js';

/**
 * The proof that what is sent ahead will wait for the guest: a frame for each of its MACs that comes out of the tunnel
 * from the source must end in its tap, and nowhere else. Never rejects: a switch that cannot be asked has proven
 * nothing.
 *
 * @returns null: proven; else why not, in words
 */
export async function whyUnready({ topology, source, destination }: Run, moving: MovingMacs): Promise<string | null> {
  const answers = await Promise.all(
    moving.byNic().map(async ({ nic, macs }) => {
      const tap = tapName(topology.name, nic.vm, nic.index);
      const frame = (mac: string | undefined) =>
        `${destination.name} is not proven ready: a frame for ${mac} from ${source.name}`;
      try {
        const traces = await destination.path.traceFrames(nic, macs, [{ kind: 'tunnel', from: source.name }]);
        return macs.map((mac, place) => {
          const trace = traces[place]?.[0];
          if (trace === undefined) return `${frame(mac)} could not be traced`;
          const ports = trace.outputs.map((output) => output.port);
          if (ports.length === 1 && ports[0] === tap && trace.problem === null) return null;
          const leaves = `leaves by ${ports.join(', ') || 'no port'} in place of ${tap}`;
          return `${frame(mac)} ${leaves}${trace.problem === null ? '' : ` (${trace.problem})`}`;
        });
      } catch (error) {
        return [`${frame(macs[0])} could not be traced: ${messageOf(error)}`];
      }
    }),
  );
  return answers.flat().find((answer) => answer !== null) ?? null;
}
