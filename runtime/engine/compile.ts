/** Compiles what is C++: the binding between Node and TensorFlow's C interface, and our kernels. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { hostSource, sessionSource } from './cache.ts';
import { findCommand, runCommand } from './commands.ts';
import { bindingFile, bindingPackageFolder, hostFile, sessionFile } from './load-binding.ts';
import { compileFailed, kernelsNotCompiled } from './messages.ts';
import { nodeApiVersion } from './recipe.ts';

/** Says where the library is that the binding is linked with. */
export interface LibraryPlace {
  /** Absolute paths of the shared libraries. */
  readonly libraries: readonly string[];
  /** Folder that holds `tensorflow/c/c_api.h`. */
  readonly headers: string;
  /** Where the loader looks for the libraries; `$ORIGIN` is the folder of the binding. */
  readonly rpath: string;
}

/** Finds a C++ compiler: $CXX, or the first of g++, clang++ and c++ on the PATH. */
export function findCompiler(environment: NodeJS.ProcessEnv): string | undefined {
  const names = [environment['CXX'], 'g++', 'clang++', 'c++'];
  for (const name of names) {
    const found = name ? findCommand(name, environment) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Compiles the binding, the helper module and the module that runs sessions into `folder`. Throws a SpadeworkError naming `logFile`, which then holds
 * all commands with their output.
 */
export async function compileBinding(
  compiler: string,
  folder: string,
  library: LibraryPlace,
  logFile: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { run, writeLog } = compilerRuns(compiler, environment);
  const common = ['-O2', ...commonFlags()];
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) =>
    join(bindingPackageFolder(), 'binding', name),
  );
  const objects = sources.map((source) => join(folder, `${basename(source)}.o`));
  const withLibrary = [...common, `-DNAPI_VERSION=${nodeApiVersion}`, '-I', library.headers];
  const tasks = [
    ...sources.map((source, at) => () => run([...withLibrary, '-c', source, '-o', objects[at]!])),
    () => run([...withLibrary, ...linkFlags(join(folder, sessionFile), [sessionSource()], library)]),
    () => run([...common, '-shared', hostSource(), '-o', join(folder, hostFile)]),
  ];
  try {
    await allOf(tasks);
    await run(linkFlags(join(folder, bindingFile), objects, library));
    for (const object of objects) rmSync(object);
  } catch (error) {
    writeLog(logFile, error);
    throw compileFailed(compiler, logFile);
  }
}

/**
 * Compiles the sources of our kernels to the module `target`, for the processor of this machine where the compiler can.
 * Throws a SpadeworkError naming `logFile`.
 */
export async function compileKernels(
  compiler: string,
  sources: readonly string[],
  target: string,
  library: LibraryPlace,
  logFile: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { run, writeLog } = compilerRuns(compiler, environment);
  const objects = sources.map((source) => `${target}.${basename(source)}.o`);
  const compileFor = (processor: readonly string[]): Promise<void> =>
    allOf(
      sources.map(
        (source, at) => () =>
          run([
            ...['-O3', ...processor, ...commonFlags(), '-fno-math-errno', '-fno-trapping-math'],
            // Where the module is made, there is the header of its instructions.
            ...['-I', dirname(target), '-I', library.headers, '-c', source, '-o', objects[at]!],
          ]),
      ),
    );
  try {
    await compileFor(['-march=native']).catch(() => compileFor([]));
    await run([...linkFlags(target, objects, library), '-pthread']);
    for (const object of objects) rmSync(object);
  } catch (error) {
    writeLog(logFile, error);
    throw kernelsNotCompiled(compiler, logFile);
  }
}

/** Runs a compiler and keeps what it says, for a log that is written only where something fails. */
function compilerRuns(compiler: string, environment: NodeJS.ProcessEnv) {
  const log: string[] = [];
  return {
    run: async (parameters: readonly string[]): Promise<void> => {
      const result = await runCommand(compiler, parameters, environment);
      log.push(`$ ${[compiler, ...parameters].join(' ')}\n${result.output}${result.errors}`);
      if (result.code !== 0) throw new Error(`exit ${result.code ?? result.signal}`);
    },
    writeLog: (file: string, error: unknown): void => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${log.join('\n')}\n${(error as Error).message}\n`);
    },
  };
}

/** Lists what every compile has in common. */
function commonFlags(): string[] {
  const require = createRequire(import.meta.url);
  const nodeHeaders = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  return ['-std=c++17', '-fPIC', '-I', nodeHeaders];
}

/** Lists the parameters that link objects with TensorFlow's libraries. */
function linkFlags(target: string, objects: readonly string[], library: LibraryPlace): string[] {
  return ['-shared', '-o', target, ...objects, ...library.libraries, `-Wl,-rpath,${library.rpath}`];
}

/** Does all tasks, as many at once as there are processors; fails with the first failure when none is under way any more. */
async function allOf(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...tasks];
  const lane = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await task();
  };
  const lanes = Array.from({ length: availableParallelism() }, lane);
  for (const outcome of await Promise.allSettled(lanes))
    if (outcome.status === 'rejected') throw outcome.reason;
}
