import type { Fields } from '../spec-fields.js';
import { readName, readNumber, readOneOf, readTemplate, readText, refuse, refuseUnknown } from './fields.js';
import { type SimilarityMetric, similarityMetrics } from './similarity.js';
import { type StringOperation, stringOperations } from './string-check.js';

/** Compares two texts: 1 or 0. */
export interface StringCheckSpec {
  readonly type: 'string_check';
  readonly name: string;
  /** A template, as is `reference`. */
  readonly input: string;
  readonly reference: string;
  readonly operation: StringOperation;
}

/** How alike two texts are, 0 to 1. */
export interface TextSimilaritySpec {
  readonly type: 'text_similarity';
  readonly name: string;
  readonly input: string;
  readonly reference: string;
  readonly evaluation_metric: SimilarityMetric;
  /** A component tells whether the value reaches it; the reward stays the value. */
  readonly pass_threshold: number | null;
}

/** Runs `grade(sample, item)` of a Python source. */
export interface PythonSpec {
  readonly type: 'python';
  readonly name: string;
  readonly source: string;
}

// An own table's keys are exactly its type's.
const operations = Object.keys(stringOperations) as StringOperation[];
const metrics = Object.keys(similarityMetrics) as SimilarityMetric[];

/** @throws RubricError naming the field */
export function parseStringCheck(fields: Fields): StringCheckSpec {
  refuseUnknown(fields, ['type', 'name', 'input', 'reference', 'operation'], 'string_check');
  return {
    type: 'string_check',
    name: readName(fields),
    input: readTemplate(fields, 'input'),
    reference: readTemplate(fields, 'reference'),
    // Guides say neq where the schema says ne (fine-tuning specification 4.2).
    operation: fields['operation'] === 'neq' ? 'ne' : readOneOf(fields, 'operation', operations),
  };
}

/** @throws RubricError naming the field */
export function parseTextSimilarity(fields: Fields): TextSimilaritySpec {
  const known = ['type', 'name', 'input', 'reference', 'evaluation_metric', 'pass_threshold'];
  refuseUnknown(fields, known, 'text_similarity');
  if (fields['evaluation_metric'] === 'cosine') {
    refuse(
      'evaluation_metric',
      'cosine',
      'a metric for training: cosine is for evals only, by the specification',
    );
  }
  return {
    type: 'text_similarity',
    name: readName(fields),
    input: readTemplate(fields, 'input'),
    reference: readTemplate(fields, 'reference'),
    evaluation_metric: readOneOf(fields, 'evaluation_metric', metrics),
    pass_threshold: readNumber(fields, 'pass_threshold', { min: 0, max: 1 }),
  };
}

/** Bytes that a source must stay below (fine-tuning specification 4.2). */
export const MAX_SOURCE_BYTES: number = 256 * 1024;

/** @throws RubricError naming the field */
export function parsePython(fields: Fields): PythonSpec {
  refuseUnknown(fields, ['type', 'name', 'source', 'image_tag'], 'python');
  const source = readText(fields, 'source', { least: 1, most: MAX_SOURCE_BYTES - 1 });
  const bytes = new TextEncoder().encode(source).length;
  if (bytes >= MAX_SOURCE_BYTES) refuse('source', `${bytes} bytes`, `less than ${MAX_SOURCE_BYTES} bytes`);
  if (!source.includes('grade')) refuse('source', source, 'a source that defines grade(sample, item)');
  // The tag names an image that this platform does not have; the interpreter is the same for all.
  if (fields['image_tag'] !== undefined) readText(fields, 'image_tag', { least: 1, most: 64 });
  return { type: 'python', name: readName(fields, 'python'), source };
}
