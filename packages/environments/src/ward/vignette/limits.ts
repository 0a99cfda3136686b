/** Facts of a case at most, so that no file makes an episode slow. */
export const MAX_FACTS = 200;

/** Levels of nested objects in a case's findings at most. */
export const MAX_DEPTH = 8;

/** Options of a case at most, one for each letter. */
export const MAX_OPTIONS = 26;
