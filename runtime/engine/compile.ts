/** Compiles the binding between Node and TensorFlow's C interface. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { hostSource, traceSource } from './cache.ts';
import { findCommand, runCommand } from './commands.ts';
import { bindingFile, bindingPackageFolder, hostFile } from './load-binding.ts';
import { compileFailed, failure } from './messages.ts';
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

/** Renames what `trace.cc` stands between: the binding's call into a session, and how it makes itself known to Node. */
const throughTrace = [
  '-DTF_SessionRun=SpadeworkSessionRun',
  '-Dnapi_register_module_v=SpadeworkRegisterBinding',
];

/**
 * Compiles the binding and the helper module into `folder`. Throws a SetupFailure naming `logFile`, which then holds
 * all commands with their output.
 */
export async function compileBinding(
  compiler: string,
  folder: string,
  library: LibraryPlace,
  logFile: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const log: string[] = [];
  const run = async (parameters: readonly string[]): Promise<void> => {
    const result = await runCommand(compiler, parameters, environment);
    log.push(`$ ${[compiler, ...parameters].join(' ')}\n${result.output}${result.errors}`);
    if (result.code !== 0) throw new Error(`exit ${result.code ?? result.signal}`);
  };
  const require = createRequire(import.meta.url);
  const nodeHeaders = join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  const common = ['-std=c++17', '-O2', '-fPIC', `-DNAPI_VERSION=${nodeApiVersion}`, '-I', nodeHeaders];
  const sources = [
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(bindingPackageFolder(), 'binding', name)),
    traceSource(),
  ];
  const objects = sources.map((source) => join(folder, `${basename(source)}.o`));
  const tasks = [
    ...sources.map((source, at) =>
      run([
        ...common,
        ...(source === traceSource() ? [] : throughTrace),
        ...['-I', library.headers, '-c', source, '-o', objects[at]!],
      ]),
    ),
    run([
      ...common.filter((flag) => !flag.startsWith('-D')),
      '-shared',
      hostSource(),
      '-o',
      join(folder, hostFile),
    ]),
  ];
  try {
    for (const outcome of await Promise.allSettled(tasks)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
    await run([
      ...['-shared', '-o', join(folder, bindingFile), ...objects, ...library.libraries],
      `-Wl,-rpath,${library.rpath}`,
    ]);
    for (const object of objects) rmSync(object);
  } catch (error) {
    mkdirSync(dirname(logFile), { recursive: true });
    writeFileSync(logFile, `${log.join('\n')}\n${(error as Error).message}\n`);
    throw failure(compileFailed(compiler, logFile));
  }
}
