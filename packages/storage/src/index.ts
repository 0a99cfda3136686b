export {
  type ArtifactInfo,
  type ArtifactStore,
  type ByteRange,
  isSha256,
  type PutOptions,
  putBytes,
  putJson,
  readBytes,
  readJson,
  sha256Of,
} from './artifact-store.js';
export {
  DatasetCache,
  type DatasetMessage,
  type DatasetRow,
  MAX_ROWS,
  parseRow,
  readRows,
} from './dataset.js';
export { FileStore } from './file-store.js';
export { type FileRecord, Files } from './files.js';
export {
  type EventPage,
  type JobEvent,
  messageEvent,
  metricsEvent,
  type StoredJobEvent,
} from './job-event.js';
export type { JobChanges, JobFailure, JobRecord } from './job-record.js';
export { type CommitOutcome, Jobs, type NewJob, type UnitCommit } from './jobs.js';
export { type GradedGroup, Ledger, type LedgerOutcome } from './ledger.js';
export { type BaseModel, ModelsFolder } from './models-folder.js';
