/** Makes the native engine ready: finds it in the cache, or gets the library, compiles the binding and proves it. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SpadeworkError } from '../../dsl/errors.ts';
import { visibleLines } from '../../dsl/escape.ts';
import {
  createBuildFolder,
  engineKey,
  enginesFolder,
  readStamp,
  removeHalves,
  whileLocked,
  writeStamp,
  type Stamp,
} from './cache.ts';
import { lastLine, runProgram } from './commands.ts';
import { compileBinding, findCompiler, type LibraryPlace } from './compile.ts';
import { addCudaLibraries } from './cuda.ts';
import { ensureKernels } from './kernels.ts';
import * as messages from './messages.ts';
import { findOwnLibrary } from './own-library.ts';
import { chooseWheels, detectPlatform } from './platform.ts';
import { cudaBytes, wheelContents, wheelLibraries, wheels, type WheelKey } from './recipe.ts';
import type { EngineOptions, Kernels, Log, ReadyEngine, Unavailable } from './types.ts';
import { missingFrom, takeFromFolder, unpackArchive } from './unpack.ts';
import { obtainWheel } from './wheel.ts';

/** Holds what every step of one set-up needs. */
interface Setup {
  readonly environment: NodeJS.ProcessEnv;
  readonly engines: string;
  readonly log: Log;
  readonly progress: boolean;
  readonly rebuild: boolean;
  /** Tells whether an absent engine may be made. */
  readonly mayBuild: boolean;
}

/** Is a library to build against: how it comes into the build folder, and where it will be. */
interface Source {
  readonly key: string;
  readonly neededBytes: number;
  /** Brings the library into `folder` (where it is not elsewhere already) and says how. */
  bring(folder: string): Promise<string>;
  /** Says where the library is, once `folder` has it. */
  placeIn(folder: string): LibraryPlace;
  readonly stampSource: Stamp['source'];
  /** Libraries inside the engine's folder, which its stamp vouches for. */
  readonly ownFiles: readonly string[];
}

/**
 * Makes the native engine ready and says where it is. Takes milliseconds where the cache has it; else downloads a
 * wheel, compiles, and proves the result in a child process. Whatever prevents it is returned, not thrown.
 */
export function ensureNativeEngine(options: EngineOptions = {}): Promise<ReadyEngine | Unavailable> {
  return ensure(options, true);
}

/** Finds a native engine that is ready, as `ensureNativeEngine` does, but makes none. */
export function findNativeEngine(options: EngineOptions = {}): Promise<ReadyEngine | Unavailable> {
  return ensure(options, false);
}

async function ensure(options: EngineOptions, mayBuild: boolean): Promise<ReadyEngine | Unavailable> {
  const environment = options.environment ?? process.env;
  const setup: Setup = {
    environment,
    engines: enginesFolder(environment),
    log: options.log ?? ((line) => process.stderr.write(`${visibleLines(line)}\n`)),
    progress: options.progress ?? options.log === undefined,
    rebuild: options.rebuild ?? false,
    mayBuild,
  };
  try {
    const own = environment['SPADEWORK_LIBTENSORFLOW'];
    return own ? await ensureFromOwnLibrary(own, setup) : await ensureFromWheel(setup);
  } catch (error) {
    const known = error instanceof SpadeworkError && error.blame === 'machine';
    return unavailable(known ? error : messages.unexpectedFailure((error as Error).message));
  }
}

const unavailable = (error: SpadeworkError): Unavailable => ({ kind: 'unavailable', error });

async function ensureFromOwnLibrary(folder: string, setup: Setup): Promise<ReadyEngine | Unavailable> {
  const place = findOwnLibrary(folder);
  if (place instanceof SpadeworkError) return unavailable(place);
  return ensureFrom(
    {
      key: engineKey({ folder: place.folder, files: place.libraries }),
      neededBytes: 10_000_000,
      bring: () => Promise.resolve('SPADEWORK_LIBTENSORFLOW'),
      placeIn: () => place,
      stampSource: { folder: place.folder },
      ownFiles: [],
    },
    setup,
  );
}

/** Gives the time after which a GPU that could not be used is tried again, in milliseconds. */
const retryGpuAfter = 24 * 3600 * 1000;

/**
 * Tries the wheels of this platform, the GPU's first. A GPU that could not be used though the CPU could is left
 * alone for a day, so that not every start repeats the attempt.
 */
async function ensureFromWheel(setup: Setup): Promise<ReadyEngine | Unavailable> {
  const fitting = chooseWheels(detectPlatform(setup.environment));
  if (fitting instanceof SpadeworkError) return unavailable(fitting);
  const [preferred, spare] = fitting;
  if (spare === undefined) return ensureFrom(wheelSource(preferred!, setup), setup);
  const failedBefore = setup.rebuild ? undefined : readFailure(preferred!, setup);
  let because = failedBefore ?? '';
  if (failedBefore === undefined) {
    try {
      return await ensureFrom(wheelSource(preferred!, setup), setup);
    } catch (error) {
      if (!(error instanceof SpadeworkError)) throw error;
      because = error.what;
    }
  }
  const ready = await ensureFrom(wheelSource(spare, setup), setup);
  if (setup.mayBuild && failedBefore === undefined) writeFileSync(failureFile(preferred!, setup), because);
  // Merely looking for an engine has not tried the GPU.
  return setup.mayBuild || failedBefore !== undefined
    ? { ...ready, note: messages.gpuNotUsable(because) }
    : ready;
}

function failureFile(wheelKey: WheelKey, { engines }: Setup): string {
  return join(engines, `${engineKey(wheelKey)}.failed`);
}

function readFailure(wheelKey: WheelKey, setup: Setup): string | undefined {
  const file = failureFile(wheelKey, setup);
  const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - written < retryGpuAfter ? readFileSync(file, 'utf8') : undefined;
}

function wheelSource(wheelKey: WheelKey, setup: Setup): Source {
  const wheel = wheels[wheelKey];
  const needsCuda = wheelKey.endsWith('-gpu');
  const isMetadata = (path: string) => /^[^/]+\.dist-info\/METADATA$/.test(path);
  const isWanted = (path: string) => wheelContents.includes(path) || isMetadata(path);
  const libraries = wheelLibraries.map((name) => `tensorflow/${name}`);
  return {
    key: engineKey(wheelKey),
    // pip holds the archive twice for a moment.
    neededBytes: wheel.unpackedBytes + 2 * wheel.bytes + (needsCuda ? cudaBytes : 0),
    stampSource: { wheel: wheel.file, sha256: wheel.sha256 },
    ownFiles: libraries,
    async bring(folder) {
      const downloads = join(folder, 'downloads');
      mkdirSync(downloads);
      const context = { ...setup, folder: downloads };
      const obtained = await obtainWheel(wheel, context);
      const taken =
        obtained.kind === 'archive'
          ? await unpackArchive(obtained.path, folder, isWanted)
          : takeFromFolder(obtained.path, folder, isWanted);
      const missing = missingFrom(folder, wheelContents);
      if (missing.length > 0) throw messages.wheelLacks(missing);
      if (needsCuda) await addCudaLibraries(join(folder, taken.find(isMetadata)!), folder, context);
      rmSync(downloads, { recursive: true });
      return obtained.obtainedWith;
    },
    placeIn: (folder) => ({
      libraries: libraries.map((name) => join(folder, name)),
      headers: join(folder, 'tensorflow', 'include'),
      rpath: '$ORIGIN/tensorflow',
    }),
  };
}

/** Gives the engine made from `source`, with its kernels, out of the cache or newly made. Throws a SpadeworkError. */
async function ensureFrom(source: Source, setup: Setup): Promise<ReadyEngine> {
  const engine = await ensureEngine(source, setup);
  const kernels: Kernels =
    engine.device === 'cpu'
      ? await ensureKernels(engine.folder, source.placeIn(engine.folder), setup)
      : { kind: 'absent', reason: messages.kernelsAreForProcessors() };
  return { ...engine, kernels };
}

/** Describes an engine before its kernels are looked for. */
type BareEngine = Omit<ReadyEngine, 'kernels'>;

async function ensureEngine(source: Source, setup: Setup): Promise<BareEngine> {
  const folder = join(setup.engines, source.key);
  const cached = setup.rebuild ? undefined : readStamp(folder, source.key);
  if (cached !== undefined) return readyEngine(folder, cached, 'cached');
  if (!setup.mayBuild) throw messages.notSetUp();
  const compiler = findCompiler(setup.environment);
  if (compiler === undefined) throw messages.noCompiler();
  prepareCache(setup.engines, source.neededBytes);
  const asked = Date.now();
  return whileLocked(setup.engines, source.key, setup.log, async () => {
    // Another process may have made it while this one waited.
    const fresh = readStamp(folder, source.key);
    if (fresh !== undefined && (!setup.rebuild || Date.parse(fresh.madeAt) >= asked)) {
      return readyEngine(folder, fresh, 'cached');
    }
    removeHalves(setup.engines, source.key);
    setup.log(messages.settingUp(setup.engines));
    const building = createBuildFolder(setup.engines, source.key);
    try {
      const stamp = await build(source, building, compiler, setup);
      if (existsSync(folder)) renameSync(folder, createBuildFolder(setup.engines, source.key));
      renameSync(building, folder);
      removeHalves(setup.engines, source.key);
      setup.log(messages.engineReady(stamp.libraryVersion, stamp.device));
      return readyEngine(folder, stamp, 'built');
    } finally {
      rmSync(building, { recursive: true, force: true });
    }
  });
}

/** Fills the build folder: library, binding, proof, stamp. */
async function build(source: Source, building: string, compiler: string, setup: Setup): Promise<Stamp> {
  const { environment, engines, log } = setup;
  const how = await source.bring(building);
  log(messages.compiling(compiler));
  const logFile = (kind: string) => join(engines, 'logs', `${kind}-${source.key}.log`);
  await compileBinding(compiler, building, source.placeIn(building), logFile('compile'), environment);
  log(messages.proving());
  const proof = await proveEngine(building, logFile('proof'), environment);
  return writeStamp(
    building,
    {
      key: source.key,
      libraryVersion: proof.libraryVersion,
      device: proof.device,
      source: source.stampSource,
      obtainedWith: how,
      compiler,
      node: process.version,
      madeAt: new Date().toISOString(),
    },
    source.ownFiles,
  );
}

interface Proof {
  readonly product: readonly number[];
  readonly libraryVersion: string;
  readonly device: 'cpu' | 'gpu';
}

/** Loads the engine in a process of its own, which may crash there without harm, and checks a matrix product. */
async function proveEngine(folder: string, logFile: string, environment: NodeJS.ProcessEnv): Promise<Proof> {
  const result = await runProgram('proof', [folder], environment);
  if (result.code === 0) {
    const proof = JSON.parse(lastLine(result.output)) as Proof;
    if (proof.product.join() === '19,22,43,50') return proof;
  }
  mkdirSync(join(logFile, '..'), { recursive: true });
  writeFileSync(logFile, `exit ${result.code ?? result.signal}\n${result.output}\n${result.errors}\n`);
  throw messages.proofFailed(logFile);
}

/** Makes the cache folder and checks that it can hold `needed` bytes more. */
function prepareCache(engines: string, needed: number): void {
  try {
    mkdirSync(engines, { recursive: true });
  } catch (error) {
    throw messages.unwritableCache(engines, (error as NodeJS.ErrnoException).code ?? 'unknown');
  }
  const { bavail, bsize } = statfsSync(engines);
  if (bavail * bsize < needed) throw messages.noSpace(engines, bavail * bsize, needed);
}

function readyEngine(folder: string, stamp: Stamp, origin: 'cached' | 'built'): BareEngine {
  const silentGpu = stamp.device === 'cpu' && stamp.key.includes('-gpu-');
  return {
    kind: 'ready',
    folder,
    libraryVersion: stamp.libraryVersion,
    device: stamp.device,
    origin,
    ...(silentGpu
      ? { note: messages.gpuNotUsable('TensorFlow did not accept it; is the driver recent enough?') }
      : {}),
  };
}
