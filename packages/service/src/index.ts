export {
  advantageAddressField,
  cacheDirField,
  defaultPorts,
  deviceField,
  engineTimeoutField,
  grpcPortField,
  type LogLevel,
  learnerAddressField,
  modelsDirField,
  type ProcessFields,
  processFields,
  type RedisFields,
  redisFields,
  rewardEnvironmentAddressField,
  storeDirField,
  threadsField,
  type WorkerFields,
  workerFields,
} from './common-config.js';
export {
  addressField,
  ConfigError,
  type ConfigField,
  type ConfigOf,
  type ConfigTable,
  choiceField,
  flagField,
  folderField,
  integerField,
  optionalFolderField,
  optionalSecretField,
  optionalTextField,
  portField,
  readConfig,
  redisUrlField,
  textField,
} from './config.js';
export { pause, withDeadline } from './deadline.js';
export { type GrpcServerOptions, type RunningGrpcServer, startGrpcServer } from './grpc-server.js';
export { boundPort, type HttpServerOptions, startProbeServer } from './http-server.js';
export { createLogger, type Logger } from './logger.js';
export {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type MetricEntry,
  Metrics,
  metricCatalogue,
} from './metrics.js';
export { Mutex } from './mutex.js';
export { precisionField, precisionOption } from './precision.js';
export { addProbes, type ReadyChecks } from './probes.js';
export {
  openQueueWorker,
  type QueueWorker,
  type QueueWorkerOptions,
  type WorkContext,
} from './queue-worker.js';
export { openRedis, queueConnection, type RedisRole, redisReady } from './redis.js';
export { ResourceTable } from './resource-table.js';
export { type RunningService, runService, stopService } from './run-service.js';
export { Semaphore } from './semaphore.js';
export { Shutdown, type ShutdownStage, type StopStep } from './shutdown.js';
export { type BuiltService, type ServiceBase, type ServiceSettings, startService } from './start-service.js';
