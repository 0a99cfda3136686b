/** How soon somebody has to be seen to, the mildest first. */
export type Urgency = 'routine' | 'urgent' | 'emergency';

/** Every urgency, ascending; a place in this list is how the ward counts with them. */
export const URGENCIES: readonly Urgency[] = ['routine', 'urgent', 'emergency'];
