import { DataError, shown } from './errors.js';
import { isFields } from './record.js';
import { type DataSource, readDocument } from './source.js';

/**
 * The ids that a JSON document names: the keys of an object (PubMedQA's published test half is one), or a list.
 * @throws DataError DATA_DOCUMENT, DATA_JSON, DATA_ENCODING
 */
export async function readIds(source: DataSource): Promise<ReadonlySet<string>> {
  const document = await readDocument(source);
  if (isFields(document)) return new Set(Object.keys(document));
  if (Array.isArray(document) && document.every((id) => typeof id === 'string' || typeof id === 'number')) {
    return new Set(document.map(String));
  }
  throw new DataError('DATA_DOCUMENT', {
    file: source.name,
    place: null,
    field: null,
    found: shown(document),
    wanted: 'an object whose keys are ids, or a list of ids',
  });
}
