/** Holds every text about engines that a user reads, one function each. */
import { machineError, type SpadeworkError } from '../../dsl/errors.ts';

const portableHint = 'or go on with the portable engine, which is slower';

/** Writes a number of bytes for people, in decimal units: 274000871 -> "274.0 MB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}

export const unsupportedPlatform = (platform: string): SpadeworkError =>
  machineError(
    'unsupported-platform',
    `the native engine has no recipe for ${platform}`,
    `use Linux with glibc on x86-64 or arm64 (a container or WSL 2 will do), set SPADEWORK_LIBTENSORFLOW to a folder with your own libtensorflow, ${portableHint}`,
  );

export const muslPlatform = (): SpadeworkError =>
  machineError(
    'musl-platform',
    'this Linux uses musl, and the TensorFlow libraries need glibc',
    `use a distribution or container image with glibc (for example Debian or Ubuntu), ${portableHint}`,
  );

export const oldGlibc = (found: string, expected: string): SpadeworkError =>
  machineError(
    'old-glibc',
    `this system has glibc ${found}, and the TensorFlow libraries need ${expected} or newer`,
    `use a newer distribution or container image, ${portableHint}`,
  );

export const noCompiler = (): SpadeworkError =>
  machineError(
    'no-compiler',
    'no C++ compiler was found (looked for $CXX, g++, clang++ and c++)',
    `install one, for example "apt-get install g++" or "dnf install gcc-c++", and run again, ${portableHint}`,
  );

export const compileFailed = (compiler: string, logFile: string): SpadeworkError =>
  machineError(
    'compile-failed',
    `${compiler} could not compile the binding to TensorFlow; its output is in ${logFile}`,
    `read the log; a C++17 compiler with its standard library is needed (g++ 9 or clang++ 9, or newer), ${portableHint}`,
  );

export const proofFailed = (logFile: string): SpadeworkError =>
  machineError(
    'proof-failed',
    `the compiled engine did not pass its test, one matrix product in a process of its own; its output is in ${logFile}`,
    `read the log; "Illegal instruction" or "AVX" there means that the processor is too old for these libraries; ${portableHint.slice(3)}`,
  );

export const kernelsFailed = (logFile: string): SpadeworkError =>
  machineError(
    'kernels-failed',
    `the kernels of our own ops did not pass their test, in a process of its own; its output is in ${logFile}`,
    "read the log; TensorFlow's own ops serve meanwhile, which are slower",
  );

export const kernelsNotCompiled = (compiler: string, logFile: string): SpadeworkError =>
  machineError(
    'kernels-not-compiled',
    `${compiler} could not compile the kernels of our own ops; its output is in ${logFile}`,
    "read the log; TensorFlow's own ops serve meanwhile, which are slower",
  );

export const kernelsNotMade = (): string => 'the kernels of our own ops have not been compiled yet';

/** Says why an engine on a GPU goes without kernels. */
export const kernelsAreForProcessors = (): string => 'the kernels of our own ops compute on the CPU only';

export const notSetUp = (): SpadeworkError =>
  machineError(
    'not-set-up',
    'the native engine has not been set up yet',
    'nothing to do: the first run that needs it sets it up by itself',
  );

export const noSpace = (folder: string, free: number, needed: number): SpadeworkError =>
  machineError(
    'no-space',
    `${folder} has ${formatBytes(free)} free, and the set-up needs ${formatBytes(needed)}`,
    `free some space or set SPADEWORK_CACHE to a folder on a larger disk, ${portableHint}`,
  );

export const unwritableCache = (folder: string, why: string): SpadeworkError =>
  machineError(
    'unwritable-cache',
    `the cache folder ${folder} cannot be written (${why})`,
    `set SPADEWORK_CACHE to a folder that you can write to, ${portableHint}`,
  );

export const noWheel = (file: string, attempts: readonly string[]): SpadeworkError =>
  machineError(
    'no-wheel',
    `${file} could not be downloaded (${attempts.join('; ')})`,
    `check the network, PIP_INDEX_URL and the proxy settings ("pip download ${file.split('-')[0]?.replace('_', '-')}" must work), or copy the cache folder of a machine that has the engine, ${portableHint}`,
  );

export const wrongDigest = (file: string, found: string, expected: string): SpadeworkError =>
  machineError(
    'wrong-digest',
    `${file} was refused: its SHA-256 is ${found}, expected ${expected}`,
    'the package index or something on the way to it delivers other bytes than the published wheel; use another index (PIP_INDEX_URL) and run again',
  );

export const wheelLacks = (names: readonly string[]): SpadeworkError =>
  machineError(
    'wheel-lacks',
    `the TensorFlow wheel lacks ${names.join(', ')}`,
    `remove the cached engine and run again, ${portableHint}`,
  );

export const ownLibraryLacks = (folder: string, missing: readonly string[]): SpadeworkError =>
  machineError(
    'own-library-lacks',
    `SPADEWORK_LIBTENSORFLOW is ${folder}, which lacks ${missing.join(' and ')}`,
    'give a folder with lib/libtensorflow.so.2, lib/libtensorflow_framework.so.2 and include/tensorflow/c/c_api.h, or the "tensorflow" folder of an unpacked wheel, or unset the variable',
  );

export const unexpectedFailure = (what: string): SpadeworkError =>
  machineError(
    'unexpected-failure',
    `the set-up of the native engine failed: ${what}`,
    `run "spadework doctor" to see what is missing, ${portableHint}`,
  );

export const badEngineRequest = (found: string): string =>
  `SPADEWORK_ENGINE is "${found}", expected "auto", "native" or "portable"; taking "auto"`;

export const fallingBack = ({ what, hint }: SpadeworkError): string =>
  `Using the portable engine (slower): ${what}. To get the native engine: ${hint}.`;

export const gpuNotUsable = (because: string): string =>
  `an NVIDIA GPU is present but cannot be used (${because}); TensorFlow runs on the CPU. Set SPADEWORK_DEVICE=cpu to skip the attempt`;

export const settingUp = (folder: string): string =>
  `Setting up the native engine (once; it is kept in ${folder}).`;
export const waitingForOther = (): string =>
  'Another process is setting up the native engine; waiting for it.';
export const compiling = (compiler: string): string => `Compiling the binding with ${compiler}.`;
export const compilingKernels = (compiler: string): string =>
  `Compiling the kernels of our own ops with ${compiler}, for this processor.`;
export const proving = (): string => 'Testing the engine.';
export const engineReady = (version: string, device: string): string =>
  `The native engine is ready: TensorFlow ${version} on the ${device.toUpperCase()}.`;
export const downloading = (file: string, how: string): string => `Downloading ${file} with ${how}.`;
export const cudaIntroduction = (count: number): string =>
  `Fetching NVIDIA's libraries for the GPU (${count} packages, several GB).`;

/** Says that plain HTTP has nowhere to go: pip and uv know the public index, we use only what is configured. */
export function noIndexConfigured(): string {
  return 'neither pip nor uv is there and no package index is configured: install pip, or set PIP_INDEX_URL to a simple index';
}
