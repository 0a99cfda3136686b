import { readFile } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';

// usage: placed-main MODEL WEIGHT_FOLDER GPU_INDEX
const [path = '', folder = '', index = '0'] = process.argv.slice(2);
try {
  const session = await InferenceSession.create(await readFile(path), {
    executionProviders: [{ name: 'cuda', deviceId: Number(index) }],
    // As the product makes its sessions, but that nodes elsewhere are to be listed and not to end it.
    graphOptimizationLevel: 'all',
    logSeverityLevel: 0,
    extra: { session: folder === '' ? {} : { model_external_initializers_file_folder_path: folder } },
  });
  await session.release();
} catch (error) {
  process.stderr.write(`failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
