/**
 * Runs jobs on a Ray cluster through its Jobs HTTP API. Our command and the ablation's folder lie in a folder shared by
 * all machines. Jobs outlive this process: a job submitted earlier is found by its name and followed.
 */
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { writeWhole } from '../base/files.ts';
import { quoted } from '../base/shell.ts';
import type { Job, JobEnd, Launcher, Stopping } from './launcher.ts';
import { commandScript } from '../base/package.ts';
import { noRay, rayRefused } from './messages.ts';

export interface RayOptions {
  /** The address of the dashboard: `http://127.0.0.1:8265`. */
  readonly address: string;
  /** The resources that Ray reserves for each job. */
  readonly cpus?: number | undefined;
  readonly gpus?: number | undefined;
}

/** Ray's answer about a job (Ray 2.60, Jobs API, JobDetails). */
interface JobDetails {
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';
}

const pollMilliseconds = 1000;
const answerMilliseconds = 30_000;
/** How long to retry: a dashboard that restarts does not answer for a while. */
const patienceMilliseconds = 60_000;
/** Environment variables that jobs inherit. */
const handedOn = ['SPADEWORK_ENGINE', 'SPADEWORK_CACHE', 'SPADEWORK_DEBUG'] as const;

/** Makes the launcher. Throws a SpadeworkError if Ray does not answer. */
export async function rayLauncher(options: RayOptions): Promise<Launcher> {
  const ray = new Ray(options);
  await ray.greet();
  return { remembers: true, run: (job, stopping) => ray.run(job, stopping) };
}

/** Asks Ray to stop jobs by their names; unknown and ended jobs are skipped. */
export async function stopOnRay(options: RayOptions, ids: readonly string[]): Promise<void> {
  const ray = new Ray(options);
  for (const id of ids) await ray.stop(id);
}

class Ray {
  private readonly jobs: string;

  constructor(private readonly options: RayOptions) {
    this.jobs = `${options.address.replace(/(?<!\/)\/+$/, '')}/api/jobs/`;
  }

  async greet(): Promise<void> {
    const { status } = await ask(this.jobs).catch((error: Error) => {
      throw noRay(this.options.address, reasonOf(error));
    });
    if (status !== 200) throw noRay(this.options.address, `HTTP ${status}`);
  }

  async run(job: Job, { gently }: Stopping): Promise<JobEnd> {
    if (gently.aborted) return 'left';
    if (!(await this.find(job.id))) await this.submit(job);
    for (;;) {
      const found = await this.find(job.id);
      await this.keepLog(job);
      if (!found) return 'failed';
      if (found.status === 'SUCCEEDED') return 'succeeded';
      if (found.status === 'FAILED') return 'failed';
      if (found.status === 'STOPPED') return 'stopped';
      try {
        await delay(pollMilliseconds, undefined, { signal: gently });
      } catch {
        return 'left';
      }
    }
  }

  async stop(id: string): Promise<void> {
    const found = await this.find(id);
    if (found?.status === 'PENDING' || found?.status === 'RUNNING')
      await this.patiently(() => ask(`${this.jobs}${id}/stop`, 'POST'));
  }

  private async submit({ id, words }: Job): Promise<void> {
    const { address, cpus, gpus } = this.options;
    const variables = handedOn.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const body = JSON.stringify({
      entrypoint: `cd ${quoted(process.cwd())} && exec node ${[commandScript('spadework'), ...words].map(quoted).join(' ')}`,
      submission_id: id,
      runtime_env: { env_vars: Object.fromEntries(variables) },
      metadata: { program: 'spadework' },
      ...(cpus !== undefined && { entrypoint_num_cpus: cpus }),
      ...(gpus !== undefined && { entrypoint_num_gpus: gpus }),
    });
    const answer = await this.patiently(() => ask(this.jobs, 'POST', body));
    // If the answer to a submission was lost, the job exists already at the second try.
    if (answer.status !== 200 && !(await this.find(id)))
      throw rayRefused(address, answer.status, answer.text);
  }

  private async find(id: string): Promise<JobDetails | undefined> {
    const { status, text } = await this.patiently(() => ask(`${this.jobs}${id}`));
    return status === 200 ? (JSON.parse(text) as JobDetails) : undefined;
  }

  private async keepLog({ id, log }: Job): Promise<void> {
    const { status, text } = await this.patiently(() => ask(`${this.jobs}${id}/logs`));
    if (status === 200)
      await writeWhole(log, (JSON.parse(text) as { readonly logs: string | null }).logs ?? '');
  }

  /** Retries while Ray does not answer, or answers 502 or above; finally throws a SpadeworkError. */
  private async patiently(asking: () => Promise<Answer>): Promise<Answer> {
    const start = performance.now();
    for (;;) {
      let why: string;
      try {
        const answer = await asking();
        // Ray also answers 500 to wrong requests, which a retry does not fix.
        if (answer.status < 502) return answer;
        why = `HTTP ${answer.status}`;
      } catch (error) {
        why = reasonOf(error as Error);
      }
      if (performance.now() - start > patienceMilliseconds) throw noRay(this.options.address, why);
      await delay(pollMilliseconds);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends one request. It does not use `fetch`, whose headers make Ray take us for a browser and refuse requests that
 * change anything.
 */
function ask(url: string, method: 'GET' | 'POST' = 'GET', body = ''): Promise<Answer> {
  const { request } = url.startsWith('https:') ? https : http;
  const headers = body === '' ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, timeout: answerMilliseconds }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (text += part));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end(body);
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}
