/** Gets the TensorFlow wheel by whatever is there (pip, uv, plain HTTP) and checks its digest. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { folderBytes } from './cache.ts';
import { findCommand, lastLine, runCommand } from './commands.ts';
import { configuredIndexUrl } from './index-url.ts';
import { downloading, noIndexConfigured, noWheel, wrongDigest } from './messages.ts';
import { showProgress, silentProgress } from './progress.ts';
import { pythonTag, type WheelRecipe } from './recipe.ts';
import { downloadFromIndex } from './simple-index.ts';
import type { Log } from './types.ts';

/** Is what a download gave: the archive, or a folder with its contents, both proven to be the pinned wheel. */
export type Wheel = { readonly obtainedWith: string } & (
  { readonly kind: 'archive'; readonly path: string } | { readonly kind: 'folder'; readonly path: string }
);

/** Holds what a way of downloading needs. */
export interface DownloadContext {
  /** An empty folder on the cache's disk. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly progress: boolean;
}

/** Gets `wheel`. Throws a SpadeworkError where no way works or the bytes are not the published ones. */
export async function obtainWheel(wheel: WheelRecipe, context: DownloadContext): Promise<Wheel> {
  const attempts: string[] = [];
  for (const way of [withPip, withUv, withHttp]) {
    const result = await way(wheel, context);
    if (typeof result === 'string') {
      attempts.push(result);
      continue;
    }
    if (result.kind === 'archive') await verifyDigest(result.path, wheel);
    return result;
  }
  throw noWheel(wheel.file, attempts);
}

/** Checks the SHA-256 of a file. Throws a SpadeworkError where it is not the pinned one. */
export async function verifyDigest(path: string, wheel: Pick<WheelRecipe, 'file' | 'sha256'>): Promise<void> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path), digest);
  const found = digest.digest('hex');
  if (found !== wheel.sha256) throw wrongDigest(wheel.file, found, wheel.sha256);
}

/** Finds a command line that runs pip, whichever Python it belongs to. */
export async function findPip(environment: NodeJS.ProcessEnv): Promise<readonly string[] | undefined> {
  const candidates = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];
  for (const [name, ...parameters] of candidates) {
    const program = findCommand(name!, environment);
    if (program === undefined) continue;
    if ((await runCommand(program, [...parameters, '--version'], environment)).code === 0)
      return [program, ...parameters];
  }
  return undefined;
}

/** Lists pip's parameters for downloading wheels for a platform, whatever Python runs pip. */
export function pipDownloadParameters(platformTags: readonly string[], target: string): string[] {
  return [
    ...['download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input'],
    ...['--progress-bar', 'off', '--python-version', pythonTag.version],
    ...['--implementation', pythonTag.implementation, '--abi', pythonTag.abi, '--abi', 'none'],
    ...platformTags.flatMap((tag) => ['--platform', tag]),
    ...['--dest', target],
  ];
}

async function withPip(wheel: WheelRecipe, context: DownloadContext): Promise<Wheel | string> {
  const pip = await findPip(context.environment);
  if (pip === undefined) return 'pip was not found';
  context.log(downloading(wheel.file, 'pip'));
  const target = join(context.folder, 'pip');
  const parameters = [
    ...pip.slice(1),
    ...pipDownloadParameters([wheel.platformTag], target),
    `${wheel.project}==${wheel.version}`,
  ];
  const result = await runWatched(pip[0]!, parameters, wheel.bytes, context);
  if (result.code !== 0) return `pip: ${lastLine(result.errors)}`;
  const path = join(target, wheel.file);
  return existsSync(path)
    ? { kind: 'archive', path, obtainedWith: 'pip' }
    : 'pip: it downloaded another file';
}

/** Gets the wheel with uv, which cannot download without unpacking; uv itself checks the digest then. */
async function withUv(wheel: WheelRecipe, context: DownloadContext): Promise<Wheel | string> {
  const uv = findCommand('uv', context.environment);
  if (uv === undefined) return 'uv was not found';
  context.log(downloading(wheel.file, 'uv'));
  const target = join(context.folder, 'uv');
  const requirements = join(context.folder, 'requirements.txt');
  writeFileSync(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const parameters = [
    ...['pip', 'install', '--target', target, '--no-deps', '--only-binary', ':all:', '--require-hashes'],
    ...['--python-version', pythonTag.version, '--python-platform'],
    wheel.platformTag.replace(/^(manylinux_\d+_\d+)_(\w+)$/, '$2-manylinux_2_28'),
    ...['--no-cache', '--link-mode', 'copy', '--no-progress', '-r', requirements],
  ];
  // Fetching a whole Python only to unpack an archive would surprise the user.
  const environment = { ...context.environment, UV_PYTHON_DOWNLOADS: 'never' };
  const result = await runWatched(uv, parameters, wheel.bytes, { ...context, environment });
  if (result.code !== 0) return `uv: ${lastLine(result.errors)}`;
  return { kind: 'folder', path: target, obtainedWith: 'uv' };
}

async function withHttp(wheel: WheelRecipe, context: DownloadContext): Promise<Wheel | string> {
  const indexUrl = configuredIndexUrl(context.environment);
  if (indexUrl === undefined) return noIndexConfigured();
  if (!/^https?:/.test(indexUrl)) return 'HTTP: the configured index is not an http address';
  context.log(downloading(wheel.file, 'HTTP'));
  const path = join(context.folder, wheel.file);
  const progress = context.progress ? showProgress(wheel.bytes) : silentProgress;
  try {
    await downloadFromIndex(indexUrl, wheel, path, (done) => progress.update(done));
    return { kind: 'archive', path, obtainedWith: 'HTTP' };
  } catch (error) {
    return `HTTP: ${(error as Error).message}`;
  } finally {
    progress.stop();
  }
}

/** Runs a program whose temporary files are put into the download folder, and shows how they grow. */
export async function runWatched(
  program: string,
  parameters: readonly string[],
  totalBytes: number,
  context: DownloadContext,
): ReturnType<typeof runCommand> {
  const temporary = join(context.folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const progress = context.progress ? showProgress(totalBytes) : silentProgress;
  let arrived = 0;
  const timer = setInterval(() => {
    // Some files are moved away before the program ends; what has arrived stays counted.
    arrived = Math.max(arrived, growth(temporary));
    progress.update(arrived);
  }, 250);
  try {
    const result = await runCommand(program, parameters, { ...context.environment, TMPDIR: temporary });
    if (result.code === 0) progress.update(totalBytes);
    return result;
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}

/** Adds up a folder that another program is changing meanwhile. */
function growth(folder: string): number {
  try {
    return folderBytes(folder);
  } catch {
    return 0;
  }
}
