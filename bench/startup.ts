/**
 * Measures what starting the command takes: processor time (user and system) of its processes, the median of ten.
 *
 *     npx tsx bench/startup.ts [script of the command, such as node_modules/spadework/cli/spadework.js]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { print } from '../cli/base/terminal.ts';

const rounds = 10;
const fileHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const [script = fileHere('../cli/spadework.js')] = process.argv.slice(2);

/** Gives the seconds of a processor that a command takes, its children included. */
function secondsOf(words: readonly string[]): number {
  // The shell knows what those that it waited for took: its own time stays out.
  const run = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null', 'bash', ...words], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [user = NaN, system = NaN] = run.stderr.trim().split(' ').map(Number);
  if (run.status !== 0 || Number.isNaN(user + system)) throw new Error(`it failed: ${run.stderr}`);
  return user + system;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

for (const words of [['--help'], ['check', fileHere('../examples/camvid.spade')]]) {
  const command = [process.execPath, script, ...words];
  secondsOf(command); // the clone makes its bundle first
  const seconds = Array.from({ length: rounds }, () => secondsOf(command));
  print(`${words[0]}: ${median(seconds).toFixed(3)} s (${seconds.map((one) => one.toFixed(2)).join(' ')})`);
}
