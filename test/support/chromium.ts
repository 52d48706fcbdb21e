/** Answers for Chromium: where it is, and what it makes of a page. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Finds Chromium: what SPADEWORK_TEST_CHROMIUM names, or one on the path; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env['SPADEWORK_TEST_CHROMIUM'];
  if (named !== undefined) return named === '' ? undefined : named;
  const places = (process.env['PATH'] ?? '').split(delimiter);
  return ['chromium', 'google-chrome']
    .flatMap((name) => places.map((place) => join(place, name)))
    .find((path) => existsSync(path));
}

/** A page as it is once its scripts have run. */
export interface Shown {
  readonly html: string;
  /** What the page or the browser wrote to its console: scripts that failed, what could not be loaded or is against its policy. */
  readonly console: readonly string[];
}

/** Opens a file as a user does who clicks on it. */
export function openPage(file: string): Shown {
  const profile = mkdtempSync(join(tmpdir(), 'spadework-chromium-'));
  const { stdout, stderr, status } = spawnSync(
    findChromium() ?? 'chromium',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--user-data-dir=${profile}`,
      '--enable-logging=stderr',
      // Time of the page's own, which passes as fast as the page allows: scripts and pictures are done when it ends.
      '--virtual-time-budget=5000',
      '--dump-dom',
      pathToFileURL(file).href,
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  rmSync(profile, { recursive: true, force: true });
  if (status !== 0) throw new Error(`Chromium ended with ${status}: ${stderr}`);
  return { html: stdout, console: stderr.split('\n').filter((line) => line.includes(':CONSOLE')) };
}
