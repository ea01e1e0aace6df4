import { makeProgram } from './program.js';

// `npm run build`: the program beside the compiled lib/ that this file is in.
await makeProgram();
