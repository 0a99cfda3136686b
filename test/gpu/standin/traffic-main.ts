import { compile, createLocalRunner, type Feed, type SessionRunner } from '@residency/tensor';
import { learnerCase, openCaseModel, samplerCase } from '../programs.js';

// usage: traffic-main MODEL_FOLDER learner|sampler PRECISION PROMPT,TOKENS,SAMPLES RUNS
// Runs a program so many times on the first GPU and prints, as one JSON object, the bytes that go into a run and come out.
const [folder = '', which = '', precisionName = 'f32', shape = '', runs = '1'] = process.argv.slice(2);
const precision = precisionName === 'bf16' ? 'bf16' : 'f32';
const [P = 1, S = 1, G = 1] = shape.split(',').map(Number);

const model = await openCaseModel(folder, folder);
const c =
  which === 'sampler'
    ? samplerCase(model.config, 'lora', { P, S, G }, { temperature: 1, isFiltered: false })
    : learnerCase(model.config, { P, S, G });

const local = createLocalRunner();
let given: Readonly<Record<string, Feed>> = {};
const watched: SessionRunner = {
  ...local,
  run: (id, feeds, limits) => {
    given = feeds;
    return local.run(id, feeds, limits);
  },
};
const session = await compile(c.program, {
  runner: watched,
  threads: 1,
  precision,
  weights: await model.weights(precision),
  device: { kind: 'cuda', index: 0 },
});
let results = 0;
for (let run = 0; run < Number(runs); run++) {
  const out = await session.run(c.sizes, c.inputs);
  results = Object.values(out).reduce((n, { byteLength }) => n + byteLength, 0);
}
await local.close();

const bytesOf = (isCounted: (name: string, feed: Feed) => boolean): number =>
  Object.entries(given).reduce(
    (n, [name, feed]) => n + (isCounted(name, feed) ? feed.data.byteLength : 0),
    0,
  );
const isAdapter = (name: string): boolean => name.includes('.lora_');
process.stdout.write(
  `${JSON.stringify({
    program: c.name,
    feedBytes: bytesOf(() => true),
    adapterBytes: bytesOf(isAdapter),
    indexBytes: bytesOf((name, { dtype }) => dtype === 'i64' && !['ids', 'promptIds'].includes(name)),
    resultBytes: results,
  })}\n`,
);
