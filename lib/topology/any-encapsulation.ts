import { ENCAPSULATIONS } from '../model/encapsulation.js';

/** The most that an IP packet can hold, with its header (RFC 791 §3.1). */
const LARGEST_PACKET_BYTES = 65_535;

const keys = ENCAPSULATIONS.map(({ key }) => key);

/**
 * What a schema can say of a network whatever its type: the widest limits of all encapsulations. Which one's are kept,
 * meaning checks.
 */
export const ANY_ENCAPSULATION = {
  types: ENCAPSULATIONS.map(({ name }) => name),
  key: {
    nouns: [...new Set(keys.map(({ noun }) => noun))],
    first: Math.min(...keys.map(({ first }) => first)),
    last: Math.max(...keys.map(({ last }) => last)),
  },
  largestMtu: LARGEST_PACKET_BYTES - Math.min(...ENCAPSULATIONS.map(({ overheadBytes }) => overheadBytes[4])),
} as const;
