/** Defines the records of runs, ablations and evaluations as JSON Schemas. */
import type { Schema } from '../../compiler/json/schema.ts';
import { largestSeed, specFormat } from '../../compiler/format/types.ts';

const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const positive: Schema = { type: 'number', minimum: 0 };
const flag: Schema = { type: 'boolean' };
const count = (minimum = 0, maximum: number = Number.MAX_SAFE_INTEGER): Schema => ({
  type: 'integer',
  minimum,
  maximum,
});
const oneOf = (...values: readonly string[]): Schema => ({ enum: values });
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const mapOf = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
/** JSON has no infinite numbers; they are written as null. */
const measured: Schema = { type: ['number', 'null'], title: 'a number or null' };
const sha256: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$', title: 'a SHA-256 digest' };
/** A folder's name; a path out of the folder could make a command read or delete elsewhere. */
const folderName: Schema = {
  type: 'string',
  pattern: '^(?!\\.{1,2}$)[^/\\\\\\u0000]+$',
  title: 'the name of a folder',
};

/** An object that may have unknown properties, as newer versions may add some. */
const object = (required: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
});

const size = object({ width: count(1), height: count(1) });
const classInfo = object({
  id: count(),
  name: text,
  color: { ...listOf(count(0, 255)), minItems: 3, maxItems: 3, title: 'a color such as [128, 64, 128]' },
});
const memory = object({ step: count(), residentBytes: count(), tensors: count() });

const runParts = {
  name: text,
  file: text,
  created: text,
  status: oneOf('running', 'finished', 'stopped', 'failed'),
  engine: object({ kind: text, library: text }),
  experiment: text,
  steps: count(),
  stepsPlanned: positive,
  secondsPerStep: positive,
  parameters: mapOf(count()),
  seed: count(0, largestSeed),
  command: text,
};
const runExtras = {
  frozen: listOf(text),
  task: oneOf('paint', 'segment'),
  tables: listOf(text),
  best: object({ step: count(1), metric: text }),
  memory: object({ early: memory, end: memory }),
  specSha256: text,
  sampled: object({ step: count(1), pictures: count() }),
};
const dataParts = { pairs: count(), size, classes: listOf(classInfo) };

/** `run.json`. */
export const runSchema: Schema = object(
  { ...runParts, data: object(dataParts, { heldOut: flag }) },
  runExtras,
);

/** `run.json` for a page: any part may be missing, and the status of a later version is shown unchanged. */
export const partialRunSchema: Schema = object(
  {},
  { ...runParts, ...runExtras, status: text, data: object({}, { ...dataParts, heldOut: flag }) },
);

/** A line of `metrics.jsonl`. */
export const metricSchema: Schema = object(
  { step: count(1), losses: mapOf(mapOf(measured)) },
  {
    epoch: positive,
    seconds: positive,
    rate: mapOf(number),
    gradients: mapOf(measured),
    evaluation: mapOf(measured),
  },
);

/** `checkpoints/best.json`. */
export const bestSchema: Schema = object({ step: count(1) });

/** `state.json` of a checkpoint, in any of the formats. */
export const stateSchema = (formats: readonly string[]): Schema =>
  object({
    format: oneOf(...formats),
    specFormat: oneOf(specFormat),
    step: count(),
    epoch: positive,
    seconds: positive,
    seed: count(0, largestSeed),
    engine: text,
    sha256,
  });

/** `ablation.json`. */
export const ablationSchema = (format: string): Schema =>
  object(
    {
      format: oneOf(format),
      created: text,
      name: text,
      of: text,
      axes: listOf(object({ name: text, labels: listOf(text) })),
      seeds: listOf(count(0, largestSeed)),
      runs: listOf(
        object(
          {
            name: folderName,
            point: mapOf(text),
            seed: count(0, largestSeed),
            sha256: text,
            state: oneOf('waiting', 'training', 'evaluating', 'done', 'failed'),
            jobs: count(),
            failures: count(),
          },
          { evaluated: text, lines: listOf(text) },
        ),
      ),
    },
    { doc: text },
  );

const judge = object({ name: text, sha256: text });
const score = object(
  { name: text, value: number, better: oneOf('higher', 'lower') },
  {
    deviation: number,
    ceiling: number,
    perMap: listOf(measured),
    perClass: listOf(measured),
    score: text,
  },
);

/** `eval/<protocol id>.json`. */
export const evaluationSchema = (format: string): Schema =>
  object(
    {
      format: oneOf(format),
      created: text,
      step: count(),
      protocol: object({
        version: count(),
        imageSet: text,
        maps: count(),
        size,
        resizeFilter: text,
        classes: count(1),
        voidIds: listOf(count()),
        judges: object({}, { segmenter: judge, features: judge, perceptual: judge }),
        styles: count(1),
        seed: count(0, largestSeed),
      }),
      protocolId: folderName,
      maps: listOf(text),
      metrics: listOf(score),
      pictures: {
        type: 'string',
        pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\\\\\u0000]+$',
        title: 'a folder below that of the run',
      },
    },
    {
      counts: listOf(
        listOf({ ...listOf(count()), minItems: 4, maxItems: 4, title: 'four counts of pixels' }),
      ),
    },
  );

/** The process that trains in a folder, `training.lock`. */
export const holderSchema: Schema = object({ pid: count(1), host: text }, { parent: count(1) });
