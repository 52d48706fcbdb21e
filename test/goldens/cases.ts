/** Lists the examples whose compilation stages are kept in examples/compiled, as text or as digests. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkAblation, check, listDeclared, type Spec } from '../../compiler/index.ts';
import { renderDiagnostics } from '../../dsl/diagnostic.ts';
import { fileProvider } from '../../runtime/specs/read.ts';

export const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

/** An example for goldens; small, as only its structure is compared. */
export interface GoldenCase {
  /** The example's file without its ending, and the run if it is an ablation: `systems/spade`. */
  readonly name: string;
  readonly spec: Spec;
}

/** The examples kept as text: one for each kind of network and objective. */
export const shown: readonly string[] = [
  'camvid-segmenter',
  'systems/cascaded-refinement',
  'systems/pix2pix',
  'systems/pix2pixhd',
  'systems/pix2pixhd-local',
  'systems/spade',
];

const [size, largerSize] = ['data.size = 32x32', 'data.size = 64x64'];
const width = 4;
/**
 * Settings that some need beside a small width: a size that halves often enough, or fewer repeated layers, for short
 * texts.
 */
const sets: Readonly<Record<string, readonly string[]>> = {
  'camvid-mini-portable': [largerSize],
  'systems/pix2pix': [largerSize],
  'systems/style': [largerSize],
  'systems/spade': [size, 'D.scales = 1', 'D.layers = 2'],
};

/** Reads the examples with an experiment, or with networks alone. */
export function experimentCases(): GoldenCase[] {
  return ['', 'systems'].flatMap(filesIn).map(([name, path]) => {
    const source = { name: path, text: readFileSync(path, 'utf8') };
    const [experiment] = listDeclared(source).experiments;
    const plain = checked(check(source, fileProvider(), { name: experiment }).spec, name);
    // Networks alone have the size at which they are shown.
    if (experiment === undefined) return { name, spec: plain };
    const { networks } = plain;
    const narrow = networks
      // Networks with loaded weights have the width of these.
      .filter(({ weights }) => !weights)
      .map((network) => `${network.name}.width = ${width}`);
    const result = check(source, fileProvider(), {
      name: experiment,
      sets: [...(sets[name] ?? [size]), ...narrow],
    });
    return { name, spec: checked(result.spec, renderDiagnostics(result.diagnostics, { color: false })) };
  });
}

/** Reads the runs of the ablations at their own sizes; runs that differ only in the seed are one case. */
export function ablationCases(): GoldenCase[] {
  return filesIn('ablations').flatMap(([name, path]) => {
    const source = { name: path, text: readFileSync(path, 'utf8') };
    const runs = checked(checkAblation(source, fileProvider()).ablation, name).runs;
    return runs
      .filter(({ seed }) => seed === runs[0]?.seed)
      .map((run) => ({ name: `${name}/${run.name}`, spec: run.spec }));
  });
}

function filesIn(folder: string): (readonly [name: string, path: string])[] {
  return readdirSync(join(examples, folder))
    .filter((file) => file.endsWith('.spade'))
    .sort()
    .map((file) => [join(folder, basename(file, '.spade')), join(examples, folder, file)]);
}

function checked<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`an example cannot be compiled: ${what}`);
  return value;
}
