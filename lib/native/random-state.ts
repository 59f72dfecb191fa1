/** The state of a source of random numbers is [seed's low bits, seed's high bits, blocks drawn]: the place of the last. */
export const COUNT = 2;
