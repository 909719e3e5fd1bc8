/**
 * How many objects and arrays may lie in each other in a text that `parseJson` reads, unless its
 * caller says otherwise.
 */
export const MAX_DEPTH = 128;

/**
 * How much deeper the check of stored lines goes, so that it never refuses what a reader accepted
 * and the journal then wrapped, nor what a later version with a larger MAX_DEPTH wrote.
 */
export const DEPTH_MARGIN = 128;
