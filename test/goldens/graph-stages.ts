/**
 * Writes the graphs of an example after each stage of compilation in few bytes. Each stage has the number of its nodes, the
 * number of new ones, and the digest of its whole text; each pass also has the kinds of nodes that it removed and added (type,
 * op and attributes).
 *
 *     ## propagate-concat: 410 -> 405 nodes, 23 new, sha256 of the text 9a8f…
 *     -2 f32[4,16,16,15] = avg_pool2d {padding: "same", size: 3, stride: 2}
 *     +1 f32[1,16,16,12] = avg_pool2d {padding: "same", size: 3, stride: 2}
 *
 * Operands are left out, since their numbers change with every node before them; the digest covers them.
 */
import { createHash } from 'node:crypto';
import type { Spec } from '../../compiler/index.ts';
import { graphStages, type Stage } from '../../compiler/explain/stages.ts';
import { printAttrs, type Node } from '../../compiler/ir/node.ts';
import { printMethod } from '../../compiler/ir/print.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import { hashText } from '../../compiler/ir/random.ts';
import { formatType } from '../../compiler/ir/types.ts';
import { cpu } from '../../compiler/lower/targets.ts';
import { mapInputs } from '../../runtime/session/feeds.ts';

/** Compiles an example in tables, trained and painted, and writes its stages. */
export function stagesText(spec: Spec): string {
  const stages = graphStages(spec, {
    target: cpu,
    batch: spec.data?.batch ?? 1,
    tables: () => true,
    painting: { method: 'synthesize', isMap: (input) => mapInputs.includes(input) },
  });
  return stages.map((stage) => `${[headOf(stage), ...changesOf(stage)].join('\n')}\n`).join('\n');
}

function headOf({ name, methods, nodes }: Stage): string {
  const count = methods.reduce((sum, method) => sum + nodesOf(method).length, 0);
  const size = nodes ? `${nodes.before} -> ${nodes.after} nodes, ${nodes.made} new` : `${count} nodes`;
  const digest = createHash('sha256').update(methods.map(printMethod).join('\n\n')).digest('hex');
  return `## ${name}: ${size}, sha256 of the text ${digest}`;
}

/** Lists the nodes that a pass removed and added, with the count of each kind. */
function changesOf({ before, methods }: Stage): string[] {
  if (!before) return [];
  const [was, is] = [kindsOf(before), kindsOf(methods)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((kind) => {
    const change = (is.get(kind) ?? 0) - (was.get(kind) ?? 0);
    return change === 0 ? [] : [`${change < 0 ? '-' : '+'}${Math.abs(change)} ${kind}`];
  });
}

function kindsOf(methods: readonly Method[]): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>();
  for (const node of methods.flatMap((method) => nodesOf(method)))
    kinds.set(kindOf(node), (kinds.get(kindOf(node)) ?? 0) + 1);
  return kinds;
}

function kindOf({ op, attrs, results }: Node): string {
  const types = results.map(formatType).join(', ');
  // The plan contains the programs of kernels in full.
  const program = attrs['program'];
  const shown = op.traits.isSource
    ? ''
    : program === undefined
      ? printAttrs(attrs)
      : `#${hashText(String(program)).toString(16)}`;
  return `${results.length === 1 ? types : `(${types})`} = ${op.name} ${shown}`.trimEnd();
}
