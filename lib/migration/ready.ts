import { messageOf } from '../model/errors.js';
import { tapName } from '../model/names.js';
import type { MigrationContext } from './context.js';

/**
 * The proof that what is sent ahead will wait for the guest: a frame for each of its MACs that comes out of the tunnel from the source must end
 * in its tap, and nowhere else. Never rejects: a switch that cannot be asked has proven nothing.
 *
 * @returns null: proven; else why not, in words
 */
export async function whyUnready(context: MigrationContext): Promise<string | null> {
  const { topology, vm, source, destination } = context;
  const answers = await Promise.all(
    vm.nics.map(async ({ network, mac }, index) => {
      const tap = tapName(topology.name, vm.name, index);
      const frame = `${destination.name} is not proven ready: a frame for ${mac} from ${source.name}`;
      try {
        const [trace] = await destination.traceFrames(network, mac, [{ kind: 'tunnel', from: source.name }]);
        if (trace === undefined) return `${frame} could not be traced`;
        const ports = trace.outputs.map((output) => output.port);
        if (ports.length === 1 && ports[0] === tap && trace.problem === null) return null;
        return `${frame} leaves by ${ports.join(', ') || 'no port'} in place of ${tap}${trace.problem === null ? '' : ` (${trace.problem})`}`;
      } catch (error) {
        return `${frame} could not be traced: ${messageOf(error)}`;
      }
    }),
  );
  return answers.find((answer) => answer !== null) ?? null;
}
