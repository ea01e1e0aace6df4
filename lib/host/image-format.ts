import { readFileSync } from 'node:fs';

/** For shells: `image_format PATH`. */
export const IMAGE_FORMAT = readFileSync(new URL('../../../lib/host/image-format.sh', import.meta.url), 'utf8');
