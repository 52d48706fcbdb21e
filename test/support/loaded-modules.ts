/** Tells which modules a start of the command loads, which guards how long it takes without a clock. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const hooks = new URL('loaded-modules.js', import.meta.url).href;

/** Modules that a process loaded, in order. */
export interface Loaded {
  /** Paths of those of the command itself. */
  readonly own: readonly string[];
  /** Names of the packages that others are from. */
  readonly packages: readonly string[];
  /** Characters of the command's own. */
  readonly size: number;
}

/** Runs the command by its script, and gives what it loads. Fails where it ends with another code than 0. */
export function loadedBy(script: string, words: readonly string[], folder: string): Loaded {
  const place = mkdtempSync(join(tmpdir(), 'spadework-loaded-'));
  const file = join(place, 'modules.txt');
  try {
    const { status, stderr } = spawnSync(process.execPath, ['--import', hooks, script, ...words], {
      cwd: folder,
      env: { ...process.env, SPADEWORK_TEST_LOADED: file },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`exit code ${status}: ${stderr}`);
    const paths = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((url) => fileURLToPath(url))
      .filter((path) => !path.endsWith('loaded-modules.js'));
    const own = paths.filter((path) => packageOf(path) === undefined);
    return {
      own,
      packages: [...new Set(paths.flatMap((path) => packageOf(path) ?? []))].sort(),
      size: own.reduce((sum, path) => sum + readFileSync(path, 'utf8').length, 0),
    };
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** Names the package of others that a module is from: bundles and the packed package lie below `node_modules`, too. */
function packageOf(path: string): string | undefined {
  const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1];
  return name === '.cache' || name === 'spadework' ? undefined : name;
}
