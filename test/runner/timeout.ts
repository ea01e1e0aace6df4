/**
 * For one file of tests, in seconds. It ends what hangs; a machine that has much else to do must not come near it. The
 * whole matrix of faults is one file, and takes hours.
 */
export const FILE_TIMEOUT_SECONDS = process.env.VXMIG_FAULTS === undefined ? 600 : 8 * 3600;
