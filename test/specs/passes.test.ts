/**
 * Tests every pass on every example: a training step with tables, fused kernels, the run order and the stored layout
 * of variables equals the plain graph in float64: losses, gradients of all weights, and all writes.
 */
import { must } from '../../dsl/errors.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { nodesOf } from '../../compiler/ir/program.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { full } from '../support/engines.ts';
import { specOf } from '../support/specs.ts';
import { asRun } from '../support/passes.ts';
import { evaluateStep, expectAgree, mapKinds, stepOf } from '../support/table-tests.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const files = ['', 'systems/'].flatMap((folder) =>
  readdirSync(examples + folder)
    .filter((file) => file.endsWith('.spade'))
    .map((file) => folder + file)
    .filter((file) => readFileSync(examples + file, 'utf8').includes('train {')),
);

/** Examples whose innermost layers are too small for pictures of 32 pixels. */
const deep = /pix2pix\.|style\.|portable/;

/** Reads an example at a small size: what a pass does depends on the graph, not on sizes and widths. */
function readExample(file: string, batch: number): Spec {
  const text = readFileSync(examples + file, 'utf8')
    .replace(/\bsize: \d+x\d+/, deep.test(file) ? 'size: 64x64' : 'size: 32x32')
    .replace(/\bbatch: \d+/, `batch: ${batch}`)
    .replaceAll(/\b(width|hidden): \d+/g, '$1: 2')
    .replaceAll(/\b(layers): \d+/g, '$1: 2')
    .replace(/SegmentationUNet\(classes: 12/, 'SegmentationUNet(classes: 12, width: 2')
    .replace(/SpadeGenerator\(width: 2\)/, 'SpadeGenerator(width: 2, norm: spade(hidden: 2))');
  return specOf(/use norms .*\bspade\b/.test(text) ? text : `use norms { spade }\n${text}`);
}

const kinds = Object.keys(mapKinds);

// Kinds of maps and batch sizes alternate; the tests of tables combine all for one experiment.
const cases = files.map((file, index) => ({
  file,
  kind: must(kinds[index % kinds.length], 'there are kinds'),
  batch: 1 + (index % 3),
}));

/** Examples with slow steps; others represent them: styles for noise, camvid for other SPADE ones. */
const long = /style\.|oasis|systems\/spade\.|camvid-mini|clade/;

for (const { file, kind, batch } of cases)
  it(`'${file}' is what its plain graph is, for ${batch} of '${kind}'`, long.test(file) ? full : {}, () => {
    const spec = readExample(file, batch);
    expect(spec.objectives.length).toBeGreaterThan(0);
    const plain = evaluateStep(spec, stepOf(spec, false, true), kind);
    const ops = new Set<string>();
    const program = stepOf(spec, true);
    const optimized = evaluateStep(spec, program, kind, (step) => {
      const {
        methods: [method],
        layouts,
      } = asRun({ ...program, methods: [step] });
      for (const { op } of nodesOf(method!)) ops.add(op.name);
      return { method: method!, layouts };
    });
    expect([...ops]).toContain('fused');
    expectAgree(optimized, plain, 1e-5);
  });
