/** Writes the doctor's findings as an aligned table. */
import picocolors from 'picocolors';
import { visibleLines } from '../../dsl/escape.ts';
import type { Check } from './doctor.ts';

/** Writes one line per check, and a line with the fix below each problem. */
export function renderDoctor(
  checks: readonly Check[],
  { color = process.stdout.isTTY ?? false } = {},
): string {
  const { green, yellow, red, bold, dim } = picocolors.createColors(color);
  const paint = { ok: green, warn: yellow, fail: red };
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, value, status, fix }) => [
      `${paint[status](status.padEnd(4))}  ${bold(name.padEnd(width))}  ${visibleLines(value)}`,
      ...(fix === undefined ? [] : [`${' '.repeat(width + 8)}${dim('fix:')} ${visibleLines(fix)}`]),
    ])
    .join('\n');
}
