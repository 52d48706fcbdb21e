/** Runs a pool of decoding threads: starts them, distributes requests, and ends them. */
import type { ExaminedSample, Answer, Question, Reply, Request } from './questions.ts';
import { Worker } from 'node:worker_threads';
// Only the workers use sharp, but its native library must be loaded by the main thread first.
import 'sharp';
import type { PatchPlan } from '../../compiler/patches/plan.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import { moduleFile, packageFile, runsSources } from '../base/package.ts';
import type { Size } from './maps.ts';
import type { Pair } from './pair.ts';
import type { Outcome, SampleSettings } from './sample.ts';
import type { SampleSurvey } from './survey-sample.ts';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** A few threads that decode samples; they start at the first request and keep the process alive only while they work. */
export class DecodingPool {
  private threads: Thread[] = [];
  private tickets = 0;
  private stopped: Error | undefined;

  constructor(
    private readonly count: number,
    private readonly settings: SampleSettings,
  ) {}

  /** Decodes one sample in the least busy thread. Rejects if the pool is closed or a thread breaks down. */
  async decode(pair: Pair, size: Size): Promise<Outcome> {
    return (await this.ask({ kind: 'decode', pair, size })) as Outcome;
  }

  /** Examines one sample, and decodes it if a size is given; errors as in `decode`. */
  async examine(pair: Pair, size: Size | undefined): Promise<ExaminedSample> {
    return (await this.ask({ kind: 'examine', pair, size })) as ExaminedSample;
  }

  /** Surveys one sample at the size that networks see; errors as in `decode`. */
  async survey(pair: Pair, size: Size, stored: Size): Promise<SampleSurvey> {
    const answer = await this.ask({ kind: 'survey', pair, size, stored });
    return (answer as Extract<Answer, { readonly survey: SampleSurvey }>).survey;
  }

  /** Finds the patches of label maps, [B,H,W]; errors as in `decode`. */
  async patches(plan: PatchPlan, labels: Int32Array, edges: Float32Array | undefined): Promise<PatchTables> {
    const answer = await this.ask({ kind: 'patches', plan, labels, edges });
    return (answer as Extract<Answer, { readonly patches: PatchTables }>).patches;
  }

  private ask(question: Question): Promise<Answer> {
    if (this.stopped !== undefined) return Promise.reject(this.stopped);
    if (this.threads.length === 0) this.threads = Array.from({ length: this.count }, () => this.start());
    const thread = this.threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
    const ticket = this.tickets++;
    return new Promise((resolve, reject) => {
      thread.waiting.set(ticket, { resolve, reject });
      thread.worker.ref();
      thread.worker.postMessage({ ticket, ...question } satisfies Request);
    });
  }

  /** Ends all threads; pending requests are rejected. */
  async close(): Promise<void> {
    this.stop(new Error('the data set is closed'));
    const ends = this.threads.map(({ worker }) => {
      worker.ref(); // otherwise the process may end while the caller awaits this
      return worker.terminate();
    });
    await Promise.all(ends);
  }

  private start(): Thread {
    const worker = new Worker(
      runsSources ? packageFile('runtime/data/boot-worker.mjs') : moduleFile('runtime/data/worker'),
      {
        workerData: this.settings,
        execArgv: [], // loaders of the main thread are not wanted twice
      },
    );
    const waiting = new Map<number, Waiting>();
    worker.unref();
    worker.on('message', ({ ticket, ...reply }: Reply) => {
      const request = waiting.get(ticket);
      if (request === undefined) return; // rejected when the pool was closed
      waiting.delete(ticket);
      if (waiting.size === 0) worker.unref();
      if ('answer' in reply) return request.resolve(reply.answer);
      const { message, code } = reply.failure;
      const cause = Object.assign(new Error(message), { code });
      request.reject(new Error(`a decoding thread failed: ${message}`, { cause }));
    });
    worker.on('error', (error) => this.stop(new Error('a decoding thread broke down', { cause: error })));
    worker.on('exit', (code) => this.stop(new Error(`a decoding thread ended early (exit code ${code})`)));
    return { worker, waiting };
  }

  private stop(reason: Error): void {
    // One thread's end must not let the process exit before `close` has awaited the others.
    if (this.stopped !== undefined) return;
    this.stopped = reason;
    for (const { worker, waiting } of this.threads) {
      worker.unref();
      for (const request of waiting.values()) request.reject(this.stopped);
      waiting.clear();
    }
  }
}
