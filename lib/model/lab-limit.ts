/**
 * How many hosts a lab can have: what its management segment holds, a /22 less network, broadcast and the controller. The kernel's bridge, to which
 * all are joined there, has 1023 ports (net/bridge/br_private.h: BR_MAX_PORTS).
 */
export const MOST_LAB_HOSTS = 1021;
