/** The page docs/ops.md: the op table as a page, one section an op, so that the page cannot drift from the code. */
import { GraphBuilder } from './builder.ts';
import { printNodes } from '../ir/print.ts';
import { sharedConstraint } from '../ir/op.ts';
import type { Op } from '../ir/node.ts';
import { ops } from './index.ts';

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
of this page. Beside its own constraints, every op has this one: ${sharedConstraint}.`;

function documentOp(op: Op): string {
  const attrs = Object.entries(op.attrs);
  const constraints = constraintsOf(op);
  const blocks = [
    `## ${op.name}`,
    op.doc,
    [
      bullet('Operands', op.operands.length > 0 ? op.operands.map(code).join(', ') : 'none'),
      ...attrs.map(([name, { doc, kind, mayLack }]) =>
        bullet(`Attribute ${code(name)}`, `${doc} (${kind}${mayLack ? ', or left out' : ''})`),
      ),
      ...(constraints.length > 0 ? [bullet('Requires', constraints.join('; '))] : []),
      ...(typeof op.vjp === 'function' ? [] : [bullet('No gradient', op.vjp.nondifferentiable)]),
    ].join('\n'),
  ];
  const example = exampleOf(op);
  if (example) blocks.push(`\`\`\`\n${example}\n\`\`\``);
  return blocks.join('\n\n');
}

const code = (text: string): string => `\`${text}\``;
const bullet = (title: string, text: string): string => `- ${title}: ${text}`;

/** Prints the first sample as the graph it makes. */
function exampleOf(op: Op): string | undefined {
  const sample = op.samples[0];
  if (!sample) return undefined;
  const b = new GraphBuilder();
  const operands = sample.operands.map((type, index) => b.input({ name: operandName(op, index), ...type }));
  return printNodes([b.make(op, operands, sample.attrs)]);
}

function operandName(op: Op, index: number): string {
  const name = op.operands[index];
  return name === undefined || name.startsWith('...') ? `x${index}` : name;
}
