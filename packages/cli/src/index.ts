export { type AdapterSource, writeAdapterFolder } from './adapter-folder.js';
export {
  estimateRow,
  ROW_ESTIMATORS,
  type RowEstimator,
  type RowKind,
  rowEstimator,
} from './advantages/row-estimators.js';
export type { RowOptions } from './advantages/row-fields.js';
export {
  type Arguments,
  choiceFlag,
  type Flag,
  type FlagTable,
  type FlagValues,
  integerFlag,
  numberFlag,
  optionalFlag,
  readArguments,
  readFlags,
  requiredFlag,
  switchFlag,
  textFlag,
} from './arguments.js';
export type { Command, CommandContext } from './command.js';
export { commands } from './commands.js';
export { DemoProgress, formatSeconds } from './demo-progress.js';
export {
  comparisonTable,
  type DemoReport,
  type ReportedEvaluation,
  reportEvaluation,
} from './demo-report.js';
export { type DemoSettings, demoDefaults, demoJob } from './demo-settings.js';
export { type Diagnosis, diagnose, doctor, formatDiagnosis } from './doctor.js';
export { CliError, type CliErrorCode, cliErrors } from './errors.js';
export { createGatewayClient, type GatewayClient, type GatewayOptions } from './gateway-client.js';
export { type JsonLinesRequest, mapJsonLines } from './json-lines.js';
export { describeExit, type Exit, ManagedProcess, type ProcessSpec } from './managed-process.js';
export { type Platform, type PlatformOptions, type PlatformProcess, startPlatform } from './platform.js';
export { lockFolder } from './platform-lock.js';
export { type PlayedStep, playByHand, playLines, showJson, showText } from './play/play-lines.js';
export { type Playable, type PlayableOptions, type PlayRequest, playable } from './play/playable.js';
export { choosePorts, type PortWish } from './ports.js';
export { type Reaper, startReaper } from './reaper.js';
export { findRedisProgram, openRedisServer, type RedisHandle, type RedisOptions } from './redis-server.js';
export {
  type PlannedService,
  planServices,
  type ServiceName,
  type ServicePlanOptions,
  serviceNames,
  serviceTable,
} from './service-table.js';
export { formatTable } from './table.js';
export { createTerminal, type OutputStream, type Terminal } from './terminal.js';
export { delay, pollUntil } from './wait.js';
