/** Finds Chromium, and opens pages in it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Finds Chromium: the one in SPADEWORK_TEST_CHROMIUM, or one on the path; undefined if there is none. */
export function findChromium(): string | undefined {
  const named = process.env['SPADEWORK_TEST_CHROMIUM'];
  if (named !== undefined) return named === '' ? undefined : named;
  const places = (process.env['PATH'] ?? '').split(delimiter);
  return ['chromium', 'google-chrome']
    .flatMap((name) => places.map((place) => join(place, name)))
    .find((path) => existsSync(path));
}

/** A page after its scripts have run. */
export interface Shown {
  readonly html: string;
  /** Console messages of the page and the browser: failed scripts, failed loads, and policy violations. */
  readonly console: readonly string[];
}

/** Shows no window, and asks no network but for the page. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-logging=stderr',
];

const makeProfile = (): string => mkdtempSync(join(tmpdir(), 'spadework-chromium-'));

/** Keeps a page open while `work` waits for what it does; fails where the browser ends before that. */
export async function whileOpen<T>(address: string, work: Promise<T>): Promise<T> {
  const profile = makeProfile();
  const browser = spawn(findChromium() ?? 'chromium', [...flags, `--user-data-dir=${profile}`, address], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  browser.stderr.on('data', (part: Buffer) => (said += part.toString()));
  const ended = once(browser, 'close');
  try {
    return await Promise.race([
      work,
      ended.then(() => {
        throw new Error(`Chromium ended: ${said}`);
      }),
    ]);
  } finally {
    browser.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true });
  }
}

/** Opens a local file, as with a click on it. */
export function openPage(file: string): Shown {
  const profile = makeProfile();
  const { stdout, stderr, status } = spawnSync(
    findChromium() ?? 'chromium',
    [
      ...flags,
      `--user-data-dir=${profile}`,
      // Virtual time, which advances as fast as the page allows: scripts and loads are done when it ends.
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
