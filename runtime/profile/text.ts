/** Renders a profile as two tables for a terminal. */
import { align } from '../../compiler/explain/render.ts';
import { threeDigits } from '../base/format.ts';
import { phases, type LinePart, type Part, type Profile } from './profile.ts';

/** The most characters of a source line. */
const textWidth = 44;

/** Renders the `count` lines and the `count` ops with the longest times. */
export function renderProfile({ lines, ops, kernelMs, stepMs }: Profile, count: number): string[] {
  const heads = ['ms', '%', ...phases, 'kernels'];
  const numbers = ({ total, times, kernels }: Part): string[] => [
    threeDigits(total),
    ((100 * total) / kernelMs).toFixed(1),
    ...phases.map((phase) => threeDigits(times[phase])),
    String(kernels),
  ];
  return [
    ...align([
      ['line', '', ...heads],
      ...withTotal(lines, count).map((line) => [placeOf(line), cut(line.text), ...numbers(line)]),
    ]),
    '',
    ...align(
      [
        ['op', ...heads],
        ...withTotal(
          ops.map((op) => ({ ...op, text: op.name })),
          count,
        ).map((op) => [op.text, ...numbers(op)]),
      ],
      1,
    ),
    '',
    `a step takes ${threeDigits(stepMs)} ms; milliseconds in kernels, the mean of the traced steps`,
  ];
}

/** Keeps the first parts, and adds rows for the rest and for the total. */
function withTotal<P extends Part & { readonly text: string }>(
  parts: readonly P[],
  count: number,
): (Part & { readonly text: string; readonly place?: LinePart['place'] })[] {
  const rest = parts.slice(count);
  return [
    ...parts.slice(0, count),
    ...(rest.length > 0 ? [sumOf(rest, `${rest.length} more`)] : []),
    sumOf(parts, 'total'),
  ];
}

function sumOf(parts: readonly Part[], text: string): Part & { readonly text: string } {
  const sum = (of: (part: Part) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const times = {
    forward: sum((part) => part.times.forward),
    backward: sum((part) => part.times.backward),
    update: sum((part) => part.times.update),
  };
  return { text, total: sum(({ total }) => total), times, kernels: sum(({ kernels }) => kernels) };
}

function placeOf({ place }: { readonly place?: LinePart['place'] }): string {
  return place ? `${place.source.name}:${place.line}` : '';
}

const cut = (text: string): string => (text.length <= textWidth ? text : `${text.slice(0, textWidth - 1)}…`);
