/** Tells what kind of machine this is: system, C library, NVIDIA GPU, and which pinned wheel fits. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { muslPlatform, oldGlibc, unsupportedPlatform } from './messages.ts';
import { oldestGlibc, wheels, type WheelKey } from './recipe.ts';
import type { SpadeworkError } from '../../dsl/errors.ts';

/** Describes a machine as far as the choice of libraries depends on it. */
export interface Platform {
  readonly system: string;
  readonly architecture: string;
  /** Version of glibc, undefined where the C library is another one. */
  readonly glibc: string | undefined;
  readonly nvidia: boolean;
}

/** Reads what this machine is. SPADEWORK_DEVICE=cpu hides a GPU. */
export function detectPlatform(environment: NodeJS.ProcessEnv): Platform {
  return {
    system: process.platform,
    architecture: process.arch,
    glibc: process.platform === 'linux' ? glibcVersion() : undefined,
    nvidia: environment['SPADEWORK_DEVICE'] !== 'cpu' && hasNvidiaDriver(),
  };
}

/** Tells whether the driver of an NVIDIA GPU is loaded. */
export function hasNvidiaDriver(): boolean {
  return ['/proc/driver/nvidia/version', '/dev/nvidia0', '/usr/lib/wsl/lib/libcuda.so.1'].some((path) =>
    existsSync(path),
  );
}

/** Lists the NVIDIA GPUs that a process may use, as CUDA_VISIBLE_DEVICES names them; SPADEWORK_DEVICE=cpu hides all. */
export function visibleGpus(environment: NodeJS.ProcessEnv): string[] {
  if (environment['SPADEWORK_DEVICE'] === 'cpu') return [];
  const named = environment['CUDA_VISIBLE_DEVICES'];
  if (named !== undefined) return named.split(',').filter((name) => name.trim() !== '');
  const place = '/proc/driver/nvidia/gpus';
  return existsSync(place) ? readdirSync(place).map((_, index) => String(index)) : [];
}

/** Lists what the processor can do beyond its architecture, as Linux names it; nothing where it is not told. */
export function processorFeatures(): string[] {
  try {
    const found = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return found?.[1]?.trim().split(' ').sort() ?? [];
  } catch {
    return [];
  }
}

/** Chooses the wheels to try, best first, or says why none fits. */
export function chooseWheels(platform: Platform): readonly WheelKey[] | SpadeworkError {
  const base = `${platform.system}-${platform.architecture}`;
  const fitting = (['gpu', 'cpu'] as const)
    .filter((device) => device === 'cpu' || platform.nvidia)
    .map((device) => `${base}-${device}`)
    .filter((key): key is WheelKey => key in wheels);
  if (fitting.length === 0) return unsupportedPlatform(base);
  if (platform.glibc === undefined) return muslPlatform();
  if (compareVersions(platform.glibc, oldestGlibc) < 0) return oldGlibc(platform.glibc, oldestGlibc);
  return fitting;
}

/** Compares two dotted versions: negative where the first is older. */
export function compareVersions(first: string, second: string): number {
  const [one, two] = [first, second].map((version) => version.split('.').map(Number));
  for (let at = 0; at < Math.max(one!.length, two!.length); at++) {
    const difference = (one![at] ?? 0) - (two![at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function glibcVersion(): string | undefined {
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime;
}
