/** The page docs/ops.md: the op table as a page, one section an op, so that the page cannot drift from the code. */
import { isVariadic, sharedConstraint } from '../ir/op.ts';
import { GraphBuilder } from './builder.ts';
import { printNodes } from '../ir/print.ts';
import type { Node, Op } from '../ir/node.ts';
import { coreOps, ops } from './index.ts';

/** Lists the constraints of an op's own that its samples meet, in order. */
export function constraintsOf(op: Op): string[] {
  const found = new Set<string>();
  for (const { operands, attrs } of op.samples)
    op.infer(operands, attrs ?? {}, (_condition, constraint) => void found.add(constraint));
  found.delete(sharedConstraint);
  return [...found];
}

/** Gives the text of docs/ops.md. */
export function documentOps(): string {
  const sections = ops.map(documentOp);
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

const introduction = `# Ops

The primitives of the graph, generated from \`compiler/ops\`; everything else is composed of them. Images are [N,H,W,C],
filters [H,W,I,O]. A name that starts with dots stands for any number of operands. Gradients are written with other ops
of this page. Beside its own constraints, every op has this one: ${sharedConstraint}.

Edges are ties and borders, zeros, infinities and what is not a number (NaN). At these, ops and their gradients do what PyTorch does,
which tests compare on every engine; where one does otherwise, the op says so. TensorFlow takes numbers nearer to 0 than 2^-126 for 0.

${coreOps.length} of the ${ops.length} ops are core: each engine implements them. The others are derived: they mean the graph of other ops that
stands below them, which is also how an engine computes them where it has no faster form.`;

function documentOp(op: Op): string {
  const attrs = Object.entries(op.attrs);
  const constraints = constraintsOf(op);
  const blocks = [
    `## ${op.name}`,
    op.doc,
    [
      bullet('Kind', op.expand ? 'derived' : 'core'),
      bullet('Operands', op.operands.length > 0 ? op.operands.map(code).join(', ') : 'none'),
      ...attrs.map(([name, { doc, kind, mayLack }]) =>
        bullet(`Attribute ${code(name)}`, `${doc} (${kind}${mayLack ? ', or left out' : ''})`),
      ),
      ...(constraints.length > 0 ? [bullet('Requires', constraints.join('; '))] : []),
      ...(op.edges === undefined ? [] : [bullet('Edges', op.edges)]),
      ...(typeof op.vjp === 'function' ? [] : [bullet('No gradient', op.vjp.nondifferentiable)]),
    ].join('\n'),
  ];
  const example = exampleOf(op);
  if (!example) return blocks.join('\n\n');
  blocks.push(graph(printNodes([example.node])));
  if (example.results) blocks.push('which is', graph(printNodes(example.results)));
  return blocks.join('\n\n');
}

const code = (text: string): string => `\`${text}\``;
const graph = (text: string): string => `\`\`\`\n${text}\n\`\`\``;
const bullet = (title: string, text: string): string => `- ${title}: ${text}`;

/** The first sample as the node that it makes, and as the results of the graph that a derived op is. */
interface Example {
  readonly node: Node;
  readonly results: readonly Node[] | undefined;
}

function exampleOf(op: Op): Example | undefined {
  const sample = op.samples[0];
  if (!sample) return undefined;
  const b = new GraphBuilder();
  const operands = sample.operands.map((type, index) => b.input({ name: operandName(op, index), ...type }));
  const results = op.expand?.(b, operands, sample.attrs ?? {});
  return { node: b.make(op, operands, sample.attrs), results };
}

function operandName(op: Op, index: number): string {
  const name = op.operands[index];
  return name === undefined || isVariadic(name) ? `x${index}` : name;
}
