import { BedsideError, caseFromRow, verify } from '@residency/bedside';
import { RubricError } from './errors.js';
import { type GradeComponent, type GradeRequest, type Item, MAX_SPANS } from './grade.js';

/**
 * Checks what a completion claims against the data its item was made from, and reports components of weight 0.
 * @throws RubricError RUBRIC_ITEM_CASE for an item it cannot read; never for a completion
 */
export type Verifier = (request: GradeRequest) => readonly GradeComponent[];

export type VerifierName = 'bedside';

function readCase(item: Item): ReturnType<typeof caseFromRow> {
  try {
    return caseFromRow(item);
  } catch (error) {
    if (!(error instanceof BedsideError)) throw error;
    const field = error.data['field'];
    const param = field === undefined || field === '*' ? 'item' : `item.${field}`;
    throw new RubricError('RUBRIC_ITEM_CASE', param, `${param}: ${error.message}, for verifier 'bedside'`);
  }
}

/** Accuracy is the profile's own affair; the bedside verifier adds what a letter does not show. */
const BEDSIDE_COMPONENTS = ['faithfulness', 'comprehensiveness'] as const;

/** Names of the components that each verifier adds. */
export const verifierComponents: { readonly [N in VerifierName]: readonly string[] } = {
  bedside: BEDSIDE_COMPONENTS,
};

function bedside({ item, completion }: GradeRequest): GradeComponent[] {
  const verification = verify(readCase(item), completion);
  return BEDSIDE_COMPONENTS.map((name) => {
    const { value, evidence, reason } = verification[name];
    const spans = evidence.slice(0, MAX_SPANS).map(({ start, end }) => ({ start, end }));
    return { name, value, weight: 0, spans, reason };
  });
}

/** Every verifier, by the name a grader gives. */
export const verifiers: { readonly [N in VerifierName]: Verifier } = { bedside };
