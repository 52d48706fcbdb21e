/** Answers for the inside of a decoding thread: takes requests, hands back samples or problems without copying. */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import type { Pair } from './pairs.ts';
import { sampleReader } from './sample.ts';
import type { Outcome, SampleSettings } from './sample.ts';

/** Asks for one sample, or only for its problems. */
export interface Request {
  readonly ticket: number;
  readonly kind: 'decode' | 'inspect';
  readonly pair: Pair;
}

/** Answers a request; `failure` is a broken invariant, not a user's mistake. */
export interface Reply {
  readonly ticket: number;
  readonly outcome?: Outcome;
  readonly failure?: string;
}

sharp.concurrency(1); // parallel over samples instead of inside one: less overhead, and the engine needs the cores

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread only');
const reader = sampleReader(workerData as SampleSettings);

async function answer({ kind, pair }: Request): Promise<Outcome> {
  return kind === 'decode' ? reader.decode(pair) : { problems: await reader.inspect(pair) };
}

port.on('message', (request: Request) => {
  answer(request).then(
    (outcome) => {
      const sample = 'sample' in outcome ? outcome.sample : undefined;
      const arrays = [sample?.labels, sample?.edges, sample?.instances, sample?.image].filter(
        (array) => array !== undefined,
      );
      port.postMessage(
        { ticket: request.ticket, outcome } satisfies Reply,
        arrays.map((array) => array.buffer),
      );
    },
    (error: unknown) => {
      port.postMessage({ ticket: request.ticket, failure: String(error) } satisfies Reply);
    },
  );
});
