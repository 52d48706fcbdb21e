/** Compiles an example and gives its stages as text: the spec, the graph of its methods, and the plans of both engines. */
import { createHash } from 'node:crypto';
import { compile, lower, partition, type Spec, type StepOptions, type Target } from '../../compiler/index.ts';
import { printProgram } from '../../compiler/ir/print.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { printTensorflow } from '../../compiler/lower/print.ts';
import { encodeSavedModel } from '../../compiler/lower/saved-model.ts';
import type { TensorflowPlan } from '../../compiler/lower/tensorflow.ts';
import { synthesisMethod } from '../../runtime/synthesize/paint.ts';
import { mapInputs } from '../../runtime/session/feeds.ts';
import type { GoldenCase } from './cases.ts';
import { stagesText } from './graph-stages.ts';
import { cpu, withoutKernels } from '../../compiler/lower/targets.ts';

/** Files of an example kept as text, by name. */
export type Texts = Readonly<Record<'spec.json' | 'step.ir' | 'plan.txt' | 'stages.txt', string>>;

/** SHA-256 of stages, by name. */
export type Digests = Readonly<Record<string, string>>;

/** Compiles an example as training does without tables, for a library with our kernels; its stages use tables. */
export function textsOf({ spec }: GoldenCase): Texts {
  const { program, nodes } = denseOf(spec);
  return {
    'spec.json': printSpec(spec),
    'step.ir': printProgram(program),
    'plan.txt': `${totals(nodes.map(({ op }) => op))}\n${printTensorflow(nodes)}`,
    'stages.txt': stagesText(spec),
  };
}

/** Gives the digests of an example's spec, and of its graphs without tables, which show any drift. */
export function mainDigestsOf({ spec }: GoldenCase): Digests {
  return { spec: digest(printSpec(spec)), graph: digest(printProgram(denseOf(spec).program)) };
}

/** Gives the digests of an example in all forms used for training and synthesis. */
export function digestsOf(one: GoldenCase): Digests {
  const { spec } = one;
  const { program: dense, nodes } = denseOf(spec);
  const tables = programOf(spec, { tables: () => true });
  return {
    ...mainDigestsOf(one),
    'graph as written': digest(printProgram(programOf(spec, { asWritten: true }))),
    'graph with tables': digest(printProgram(tables)),
    plan: digest(encodeSavedModel(nodes)),
    'plan with tables': planDigest(tables),
    'plan without kernels': planDigest(dense, withoutKernels),
    ...(dense.methods.some(({ name }) => name === synthesisMethod) && {
      'plan of painting in stages': planDigest(
        partition(
          programOf(spec, { batch: 1, methods: ['synthesize', 'encode'], tables: () => true }),
          { method: synthesisMethod, isMap: (input) => mapInputs.includes(input) },
          { target: cpu },
        ),
      ),
    }),
  };
}

interface Dense {
  readonly program: Program;
  readonly nodes: TensorflowPlan['nodes'];
}

/** The result of compiling a spec without tables, from which both texts and digests are made. */
const compiled = new WeakMap<Spec, Dense>();

function denseOf(spec: Spec): Dense {
  const known = compiled.get(spec);
  if (known) return known;
  const program = programOf(spec);
  const made = { program, nodes: lower(program, { target: cpu }).nodes };
  compiled.set(spec, made);
  return made;
}

function programOf(spec: Spec, options: Partial<StepOptions> = {}): Program {
  return compile(spec, { target: cpu, batch: spec.data?.batch ?? 1, ...options });
}

const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

const planDigest = (program: Program, target: Target = cpu): string =>
  digest(encodeSavedModel(lower(program, { target }).nodes));

/** Down to this depth, a printed spec has one line per value. */
const depthOfLines = 3;

/** Prints a spec without places in its source, as these move with every comment. */
function printSpec(spec: Spec): string {
  const plain = JSON.parse(
    JSON.stringify(spec, (key, value: unknown) => (key === 'at' || key === 'sources' ? undefined : value)),
  ) as unknown;
  return `${printJson(plain, 0)}\n`;
}

function printJson(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null || depth > depthOfLines) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value).map(
    ([key, entry]) => (isList ? '' : `${JSON.stringify(key)}: `) + printJson(entry, depth + 1),
  );
  if (entries.length === 0) return isList ? '[]' : '{}';
  const indent = ' '.repeat(depth + 1);
  const lines = entries.map((entry) => `\n${indent}${entry}`).join(',');
  return `${isList ? '[' : '{'}${lines}\n${indent.slice(1)}${isList ? ']' : '}'}`;
}

/** Counts the nodes of a graph by their op, the most frequent first. */
function totals(ops: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const op of ops) counts.set(op, (counts.get(op) ?? 0) + 1);
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return `# ${ops.length} nodes: ${sorted.map(([op, count]) => `${count} ${op}`).join(', ')}`;
}
