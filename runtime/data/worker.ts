/** The entry of a decoding thread: handles requests, and transfers samples or problems back without copying. */
import type { Answer, Request, Reply } from './questions.ts';
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { patchIndexer, type PatchIndexer, type PatchTables } from '../../compiler/patches/tables.ts';
import type { PatchPlan } from '../../compiler/patches/plan.ts';
import type { Size } from './maps.ts';
import { readRegular } from './files.ts';
import { digestOf } from './repeats.ts';
import { sampleReader, type SampleSettings } from './sample.ts';
import { sampleSurveyor } from './survey-sample.ts';

sharp.concurrency(1); // samples are decoded in parallel instead: less overhead, and the engine needs the cores

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread only');
const reader = sampleReader(workerData as SampleSettings);

/** The patch finder for the plan of the last request. */
let finder: { readonly key: string; readonly indexer: PatchIndexer } | undefined;

let surveyor: { readonly key: string; readonly survey: ReturnType<typeof sampleSurveyor> } | undefined;

function surveyorFor(size: Size, stored: Size): ReturnType<typeof sampleSurveyor> {
  const key = JSON.stringify([size, stored]);
  if (surveyor?.key !== key) surveyor = { key, survey: sampleSurveyor(reader, size, stored) };
  return surveyor.survey;
}

function patchesOf(plan: PatchPlan, labels: Int32Array, edges: Float32Array | undefined): PatchTables {
  const key = JSON.stringify(plan);
  if (finder?.key !== key) finder = { key, indexer: patchIndexer(plan) };
  return finder.indexer.index(labels, edges);
}

async function answerTo(request: Request): Promise<Answer> {
  switch (request.kind) {
    case 'decode':
      return reader.decode(request.pair, request.size);
    case 'examine': {
      const { image } = request.pair;
      let photoDigest: string | undefined;
      const { findings, sample } = await reader.examine(request.pair, request.size, async (file) => {
        const content = await readRegular(file);
        if (file === image) photoDigest = digestOf(content);
        return content;
      });
      return { findings, sample, photoDigest };
    }
    case 'survey':
      return { survey: await surveyorFor(request.size, request.stored)(request.pair) };
    case 'patches':
      return { patches: patchesOf(request.plan, request.labels, request.edges) };
  }
}

/** The arrays of an answer, which are transferred to the main thread. */
function arraysOf(answer: Answer): ArrayBuffer[] {
  const arrays =
    'sample' in answer && answer.sample
      ? [answer.sample.labels, answer.sample.edges, answer.sample.instances, answer.sample.image]
      : 'patches' in answer
        ? answer.patches.tables.flatMap(({ parts, edges, pixels }) => [parts, edges, pixels])
        : [];
  return arrays.flatMap((array) => (array ? [array.buffer] : []));
}

port.on('message', (request: Request) => {
  answerTo(request).then(
    (answer) => port.postMessage({ ticket: request.ticket, answer } satisfies Reply, arraysOf(answer)),
    (error: unknown) => {
      // A cloned error loses its code, which tells a lack of resources from a bug.
      const { code } = error as NodeJS.ErrnoException;
      port.postMessage({ ticket: request.ticket, failure: { message: String(error), code } } satisfies Reply);
    },
  );
});
