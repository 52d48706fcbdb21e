/** Examines data like `data check` without threads: gives problems and warnings, and applies hints. */
import { describeDiagnostic } from '../../dsl/diagnostic.ts';
import { join } from 'node:path';
import type { Sharp } from 'sharp';
import { expect } from 'vitest';
import { fillInData } from '../../compiler/language/data.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { FindingsSum } from '../../runtime/data/findings.ts';
import { listPairs } from '../../runtime/data/pairs.ts';
import { sampleProblems, type Problem, type Settings } from '../../runtime/data/problems.ts';
import { sampleReader } from '../../runtime/data/sample.ts';
import { classesOf, foldersOf, readingOf } from '../../runtime/run/data.ts';
import { specOf } from '../support/specs.ts';
import { rgb, writeFiles } from './data-support.ts';

/** Makes data of three classes with 32x32 photos and maps. */
export const dataSpec = (path: string, more: Partial<DataSpec> = {}): DataSpec => ({
  name: 'mine',
  path,
  images: 'images',
  labels: 'labels',
  classes: 3,
  size: { width: 16, height: 16 },
  batch: 1,
  ...more,
});

/** A problem with its text: message and hint, one line each. */
export interface WordedProblem extends Problem {
  readonly text: string;
}

/** The findings, those about folders first. */
export interface Examination {
  readonly names: readonly string[];
  readonly errors: readonly WordedProblem[];
  readonly warnings: readonly WordedProblem[];
}

const inWords = (problem: Problem): WordedProblem => ({ ...problem, text: describeDiagnostic(problem) });

/** Examines the training pairs of data. */
export async function examine(data: DataSpec): Promise<Examination> {
  const reading = readingOf(data, classesOf(data));
  const { pairs, problems, warnings } = await listPairs(foldersOf(data).train);
  const reader = sampleReader(reading);
  const sum = new FindingsSum();
  for (const pair of pairs) sum.add((await reader.examine(pair, data.size)).findings);
  const found = sampleProblems(sum.sum, reading);
  return {
    names: pairs.map(({ name }) => name),
    errors: [...problems, ...found.errors].map(inWords),
    warnings: [...warnings, ...found.warnings].map(inWords),
  };
}

/** Applies a hint: gives the data under its settings, as the language expands them. */
export function follow(data: DataSpec, settings: Settings): DataSpec {
  const { void: voids, ...rest } = settings;
  return fillInData({ ...data, ...rest, ...(voids && { void: voids }) }, {}) as unknown as DataSpec;
}

/** Requires that applying a problem's hint removes all errors and that warning. Gives the changed data. */
export async function requireMended(data: DataSpec, problem: WordedProblem | undefined): Promise<DataSpec> {
  if (!problem?.settings) throw new Error(`no settings are given: ${problem?.text}`);
  const written = problem.hint ?? '';
  for (const name of Object.keys(problem.settings))
    expect(written, 'the hint says the settings').toContain(name);
  const mended = follow(data, problem.settings);
  requireAccepted(mended);
  const { errors, warnings } = await examine(mended);
  expect(errors).toEqual([]);
  expect(warnings.map(({ text }) => text)).not.toContain(problem.text);
  return mended;
}

/** Requires that the language accepts the settings of data. */
function requireAccepted({ name: _name, path: _path, ...settings }: DataSpec): void {
  const text = Object.entries(settings).map(([key, value]) =>
    key === 'size'
      ? `size: ${String((value as DataSpec['size']).width)}x${String((value as DataSpec['size']).height)}`
      : `${key}: ${JSON.stringify(value)}`,
  );
  specOf(`network Painter(seg: LabelMap) -> Image { return seg |> conv(3) |> tanh }
    experiment one {
      data some { path: "data", ${text.join(', ')} }
      let G = Painter()
      loss G = mean(abs(fake() - real()))
      train { steps: 1 optimize G with adam(rate: 1e-4) }
    }`);
}

/** Makes the ids of a map of areas: columns of 8 pixels, one id after the other. */
export const areas = (ids: readonly number[], width = 32, height = 32): number[] =>
  Array.from({ length: width * height }, (_, i) => ids[Math.floor((i % width) / 8) % ids.length]!);

/** Makes a unique photo. */
export const photoOf = (seed: number, width = 32, height = 32): Sharp =>
  rgb(
    Array.from({ length: 3 * width * height }, (_, i) => (seed * 31 + i * 7 + ((i * i) % 11)) % 256),
    width,
  );

/** Writes photos and maps of the same names: 0, 1, 2, ... */
export async function pairsOf(maps: readonly Buffer[]): Promise<string> {
  const files: Record<string, Buffer> = {};
  for (const [i, map] of maps.entries()) {
    files[join('images', `${i}.png`)] = await photoOf(i).png().toBuffer();
    files[join('labels', `${i}.png`)] = map;
  }
  return writeFiles(files);
}
