/** Makes our own TensorFlow ops ready: a library of kernels beside an engine, compiled for this very processor and proven. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageFile } from '../base/package.ts';
import { whileLocked } from './cache.ts';
import { lastLine, runProgram } from './commands.ts';
import { compileKernels, findCompiler, type LibraryPlace } from './compile.ts';
import { instructionsFile, instructionsHeader } from './instructions.ts';
import * as messages from './messages.ts';
import { processorFeatures } from './platform.ts';
import { type Kernels, type Log } from './types.ts';

/** Holds what making kernels needs. */
export interface KernelSetup {
  readonly environment: NodeJS.ProcessEnv;
  readonly engines: string;
  readonly log: Log;
  readonly rebuild: boolean;
  /** Tells whether absent kernels may be made. */
  readonly mayBuild: boolean;
  /** The header of their instructions, as `instructionsHeader` writes it; default: that of all ops. */
  readonly instructions?: string;
}

/** Lists the sources of the kernels, headers included. */
export function kernelSources(): string[] {
  const folder = packageFile('runtime/engine/kernels');
  return readdirSync(folder)
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Names the compiled kernels after all that they depend on: an engine may be shared by machines with other processors. */
export function kernelsFile(
  features: readonly string[] = processorFeatures(),
  instructions = instructionsHeader(),
): string {
  const digest = createHash('sha256');
  for (const source of kernelSources()) digest.update(readFileSync(source)).update('\0');
  digest.update(instructions).update('\0');
  digest.update(features.join());
  return `kernels-${digest.digest('hex').slice(0, 12)}.node`;
}

/**
 * Finds the kernels of the engine in `folder`, or compiles and proves them. Whatever prevents it is returned, and written
 * beside the engine so that not every start repeats the attempt: an engine without kernels works, only slower.
 */
export async function ensureKernels(
  folder: string,
  place: LibraryPlace,
  setup: KernelSetup,
): Promise<Kernels> {
  const { instructions = instructionsHeader() } = setup;
  const file = join(folder, kernelsFile(processorFeatures(), instructions));
  const failure = `${file}.failed`;
  const known = (): Kernels | undefined => {
    if (existsSync(file)) return { kind: 'ready', file };
    return existsSync(failure) ? { kind: 'absent', reason: readFileSync(failure, 'utf8') } : undefined;
  };
  const before = setup.rebuild ? undefined : known();
  if (before !== undefined) return before;
  const compiler = findCompiler(setup.environment);
  if (!setup.mayBuild) return { kind: 'absent', reason: messages.kernelsNotMade() };
  if (compiler === undefined) return { kind: 'absent', reason: messages.noCompiler().what };
  return whileLocked(setup.engines, `${basename(folder)}-${basename(file)}`, setup.log, async () => {
    const meanwhile = setup.rebuild ? undefined : known();
    if (meanwhile !== undefined) return meanwhile;
    setup.log(messages.compilingKernels(compiler));
    try {
      await make(compiler, file, place, { ...setup, instructions });
      return { kind: 'ready', file };
    } catch (error) {
      if (!(error instanceof SpadeworkError)) throw error;
      writeFileSync(failure, error.what);
      return { kind: 'absent', reason: error.what };
    }
  });
}

/** Compiles into a folder of its own and puts the file in place once it has computed in another process. */
async function make(
  compiler: string,
  file: string,
  place: LibraryPlace,
  setup: Required<KernelSetup>,
): Promise<void> {
  const building = `${file}.building-${process.pid}`;
  const logFile = (kind: string) => join(setup.engines, 'logs', `${kind}-${basename(file)}.log`);
  mkdirSync(building);
  try {
    const made = join(building, basename(file));
    writeFileSync(join(building, instructionsFile), setup.instructions);
    const sources = kernelSources().filter((source) => source.endsWith('.cc'));
    await compileKernels(compiler, sources, made, place, logFile('compile'), setup.environment);
    await prove(dirname(file), made, logFile('proof'), setup.environment);
    renameSync(made, file);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** Loads engine and kernels in a process of its own, where unknown instructions can do no harm. */
async function prove(
  engine: string,
  kernels: string,
  logFile: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const result = await runProgram('kernels-proof', [engine, kernels], environment);
  if (result.code === 0 && lastLine(result.output) === '5,6,1,2') return;
  mkdirSync(dirname(logFile), { recursive: true });
  writeFileSync(logFile, `exit ${result.code ?? result.signal}\n${result.output}\n${result.errors}\n`);
  throw messages.kernelsFailed(logFile);
}
