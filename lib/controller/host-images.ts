import { receiveVolume, removeVolume, settleVolume } from '../host/volumes.js';
import type { Images } from '../migration/images.js';
import type { HostSession } from './host-session.js';

/** The images of a host that is connected, changed in turn with all else there. */
export function hostImages(session: HostSession): Images {
  const { shell } = session;
  return {
    receive: (copy) => session.inTurn(() => receiveVolume(shell, copy)),
    discard: ({ path, arriving }) => session.inTurn(() => removeVolume(shell, { place: path, mark: arriving })),
    keep: ({ path, arriving, own }) =>
      session.inTurn(() => settleVolume(shell, { place: path, from: arriving, to: own?.after ?? null })),
    remove: async ({ path, own }) => {
      if (own !== null) await session.inTurn(() => removeVolume(shell, { place: path, mark: own.before }));
    },
  };
}
