/** Examines what a run depends on and collects the findings as data. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { enginesFolder, folderBytes } from './cache.ts';
import { findCommand, lastLine, runCommand, runProgram } from './commands.ts';
import { findCompiler } from './compile.ts';
import { configuredIndexUrl } from './index-url.ts';
import { findNativeEngine } from './install.ts';
import * as messages from './messages.ts';
import {
  chooseWheels,
  compareVersions,
  detectPlatform,
  hasNvidiaDriver,
  processorFeatures,
} from './platform.ts';
import { wheels } from './recipe.ts';
import type { Kernels } from './types.ts';
import { findPip } from './wheel.ts';

/** Is one finding. */
export interface Check {
  readonly name: string;
  readonly value: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** Says what to do where the status is not 'ok'. */
  readonly fix?: string;
}

/** Chooses what is examined. */
export interface DoctorOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** Measures the engines too, which takes some seconds. Default: true. */
  readonly measure?: boolean;
}

const oldestNode = '20.0.0';
const smallMemory = 4e9;

/** Examines the machine and the engines. Installs nothing. */
export async function doctor({ environment = process.env, measure = true }: DoctorOptions = {}): Promise<
  Check[]
> {
  const engine = await findNativeEngine({ environment });
  const isReady = engine.kind === 'ready';
  const checks = [
    checkNode(),
    checkPlatform(environment),
    checkProcessor(),
    await checkGpu(environment, isReady ? engine.device : undefined),
    checkThreads(environment),
    checkMemory(),
    checkDisk(environment, isReady),
    await checkCompiler(environment, isReady),
    await checkDownload(environment, isReady),
    isReady
      ? ok(
          'Native engine',
          `TensorFlow ${engine.libraryVersion} on the ${engine.device.toUpperCase()}, ${messages.formatBytes(folderBytes(engine.folder))} in ${engine.folder}`,
        )
      : unfit('Native engine', engine.error),
    ...(isReady ? [checkKernels(engine.kernels, engine.device)] : []),
  ];
  if (measure) {
    if (isReady) checks.push(await checkSpeed('Native speed', [engine.folder], environment));
    checks.push(await checkSpeed('Portable speed', [], environment));
  }
  return checks;
}

const ok = (name: string, value: string): Check => ({ name, value, status: 'ok' });
const warn = (name: string, value: string, fix: string): Check => ({ name, value, status: 'warn', fix });
const unfit = (name: string, { what, hint = '' }: SpadeworkError): Check => warn(name, what, hint);
const fail = (name: string, value: string, fix: string): Check => ({ name, value, status: 'fail', fix });

function checkNode(): Check {
  const { node } = process.versions;
  if (compareVersions(node, oldestNode) >= 0) return ok('Node.js', node);
  return fail('Node.js', `${node}, expected ${oldestNode} or newer`, 'install a newer Node.js');
}

function checkPlatform(environment: NodeJS.ProcessEnv): Check {
  const platform = detectPlatform(environment);
  const library = platform.glibc === undefined ? '' : `, glibc ${platform.glibc}`;
  const value = `${platform.system}-${platform.architecture}${library}`;
  const fitting = chooseWheels(platform);
  return fitting instanceof SpadeworkError ? unfit('Platform', fitting) : ok('Platform', value);
}

function checkProcessor(): Check {
  const model = cpus()[0]?.model ?? process.arch;
  const flags = new Set(processorFeatures());
  const useful = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16'].filter((flag) => flags.has(flag));
  if (process.arch === 'x64' && flags.size > 0 && !flags.has('avx')) {
    return warn('Processor', `${model}, without AVX`, 'use the portable engine; TensorFlow needs AVX');
  }
  return ok('Processor', [model, ...useful].join(', '));
}

async function checkGpu(environment: NodeJS.ProcessEnv, device: 'cpu' | 'gpu' | undefined): Promise<Check> {
  if (!hasNvidiaDriver()) return ok('GPU', 'no NVIDIA GPU');
  const tool = findCommand('nvidia-smi', environment);
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const result = tool === undefined ? undefined : await runCommand(tool, query, environment);
  const name = result?.code === 0 ? result.output.trim().replaceAll('\n', '; ') : 'an NVIDIA GPU';
  if (device !== 'cpu') return ok('GPU', name);
  return warn(
    'GPU',
    `${name}, which the engine does not use`,
    `update its driver, unset SPADEWORK_DEVICE, delete ${enginesFolder(environment)} and run again`,
  );
}

function checkKernels(kernels: Kernels, device: 'cpu' | 'gpu'): Check {
  if (kernels.kind === 'ready') return ok('Own kernels', `compiled for this processor in ${kernels.file}`);
  if (device === 'gpu') return ok('Own kernels', `none (${kernels.reason})`);
  return warn('Own kernels', kernels.reason, 'run "spadework engine install --rebuild" to compile them anew');
}

function checkThreads(environment: NodeJS.ProcessEnv): Check {
  const cores = availableParallelism();
  const wanted = environment['TF_NUM_INTRAOP_THREADS'];
  const value = `${cores} available${wanted ? `, TF_NUM_INTRAOP_THREADS=${wanted}` : ''}`;
  if (wanted && Number(wanted) !== 0 && Number(wanted) < cores) {
    return warn('Threads', value, 'unset TF_NUM_INTRAOP_THREADS to use all cores');
  }
  return ok('Threads', value);
}

function checkMemory(): Check {
  const value = `${messages.formatBytes(freemem())} free of ${messages.formatBytes(totalmem())}`;
  if (totalmem() >= smallMemory) return ok('Memory', value);
  return warn('Memory', value, 'train with small images and batches, or use a machine with 4 GB or more');
}

function checkDisk(environment: NodeJS.ProcessEnv, isReady: boolean): Check {
  let folder = enginesFolder(environment);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const value = `${messages.formatBytes(bavail * bsize)} free for the cache`;
  const { unpackedBytes, bytes } = wheels['linux-x64-cpu'];
  if (isReady || bavail * bsize > unpackedBytes + 2 * bytes) return ok('Disk', value);
  return warn('Disk', value, 'free some space or set SPADEWORK_CACHE to a folder on a larger disk');
}

async function checkCompiler(environment: NodeJS.ProcessEnv, isReady: boolean): Promise<Check> {
  const compiler = findCompiler(environment);
  if (compiler === undefined) {
    return isReady
      ? ok('C++ compiler', 'none (not needed: the engine is ready)')
      : unfit('C++ compiler', messages.noCompiler());
  }
  const { output } = await runCommand(compiler, ['--version'], environment);
  return ok('C++ compiler', output.split('\n')[0]!.trim() || compiler);
}

async function checkDownload(environment: NodeJS.ProcessEnv, isReady: boolean): Promise<Check> {
  const pip = await findPip(environment);
  const uv = findCommand('uv', environment);
  const tools = [
    pip &&
      lastLine((await runCommand(pip[0]!, [...pip.slice(1), '--version'], environment)).output).split(
        ' from ',
      )[0]!,
    uv && lastLine((await runCommand(uv, ['--version'], environment)).output),
  ].filter((tool) => tool !== undefined);
  const configured = configuredIndexUrl(environment);
  const index = configured === undefined ? undefined : new URL(configured);
  if (index) index.username = index.password = '';
  const value = [...tools, index ? `index ${index.href}` : 'no index configured'].join(', ');
  // With the engine ready nothing is downloaded, so the network does not matter.
  if (isReady || tools.length > 0) return ok('Download', value);
  if (!index) return warn('Download', value, messages.noIndexConfigured());
  const reachable = await fetch(index, { method: 'HEAD', signal: AbortSignal.timeout(5000) }).then(
    () => true,
    () => false,
  );
  return reachable
    ? ok('Download', value)
    : warn(
        'Download',
        `${value} cannot be reached`,
        'check the network, or set PIP_INDEX_URL to an index that can be reached',
      );
}

/** Measures an engine in a process of its own, where it can crash without harm and meets no other engine. */
async function checkSpeed(
  name: string,
  parameters: string[],
  environment: NodeJS.ProcessEnv,
): Promise<Check> {
  const result = await runProgram('speed', parameters, environment);
  const speed = Number(lastLine(result.output));
  if (result.code !== 0 || !(speed > 0)) {
    const cause = `the engine fails: ${lastLine(result.errors)}`;
    return fail(
      name,
      cause,
      `reinstall the npm packages, delete ${enginesFolder(environment)} and run again`,
    );
  }
  return ok(name, `${speed.toPrecision(3)} GFLOP/s (3x3 convolutions, 64 channels)`);
}
