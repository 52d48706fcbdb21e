/**
 * Answers for methods that are called again and again with some of their inputs unchanged: splits a method into stages, so that
 * what depends on weights alone is computed once after they were set, what depends on the label map too once for each map, and
 * only the rest at each call. What a stage hands on is kept in variables.
 */
import { Builder } from '../ops/builder.ts';
import { bytesOfResults, typeOf, type Node } from '../ir/node.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';
import { must } from '../../dsl/errors.ts';
import { pointwiseNames } from '../ops/primitive/pointwise.ts';
import { partOfInput } from './deduplicate-patches/inputs.ts';

/** The stages of a method, in the order in which they are called; those that compute nothing are left out. */
const stageNames = ['weights', 'map', 'call'] as const;
type StageName = (typeof stageNames)[number];

/** Names a stage of a method. */
export function stageMethod(method: string, stage: StageName): string {
  return stage === 'call' ? method : `${method}/${stage}`;
}

const rank: Readonly<Record<StageName, number>> = { weights: 0, map: 1, call: 2 };

/** Ops that are cheap to do again, and then not handed on. */
const cheapOps: ReadonlySet<string> = new Set([
  ...pointwiseNames,
  ...[
    'expand_rows',
    'upsample_nearest',
    'broadcast_to',
    'reshape',
    'one_hot',
    'concat',
    'constant',
    'stop_gradient',
  ],
]);

/**
 * Splits a method that writes nothing. Gives the program with the stages in its place and with the variables between them;
 * `isMap` tells which inputs change with the map only.
 */
export function splitIntoStages(program: Program, name: string, isMap: (input: string) => boolean): Program {
  const method = must(
    program.methods.find((one) => one.name === name),
    `there is no method ${name}`,
  );
  const stages = sink(
    method,
    stagesOf(method, (input) => isMap(input) || partOfInput(input) !== undefined),
  );
  const nodes = nodesOf(method);
  const handedOn = new Map<Node, string>();
  const stageOf = (node: Node): number => must(stages.get(node), 'every node has a stage');
  for (const node of nodes)
    for (const operand of node.operands)
      if (stageOf(operand) < stageOf(node) && !isSourceOf(operand) && !handedOn.has(operand))
        handedOn.set(operand, `${name}/kept_${handedOn.size}`);
  for (const node of method.outputs.values())
    if (stageOf(node) < rank.call && !isSourceOf(node) && !handedOn.has(node))
      handedOn.set(node, `${name}/kept_${handedOn.size}`);
  const kept = new Map([...handedOn].map(([node, variable]) => [variable, typeOf(node)]));
  const made = stageNames.map((stage) => stagePart(method, stage, stageOf, handedOn));
  const methods = made.filter(({ outputs, writes }) => outputs.size + writes.size > 0);
  return {
    ...program,
    kept: new Map([...(program.kept ?? []), ...kept]),
    methods: [...program.methods.filter((one) => one !== method), ...methods],
  };
}

const isSourceOf = ({ op }: Node): boolean => op === 'input' || op === 'read';

/** The first stage at which each node can be computed. */
function stagesOf(method: Method, isMap: (input: string) => boolean): Map<Node, number> {
  const stages = new Map<Node, number>();
  for (const node of nodesOf(method)) {
    const own =
      node.op === 'input' ? (isMap(String(node.attrs['name'])) ? rank.map : rank.call) : rank.weights;
    stages.set(
      node,
      Math.max(own, ...node.operands.map((operand) => must(stages.get(operand), 'it came before'))),
    );
  }
  return stages;
}

/** Moves cheap nodes to the stage that uses them, where handing on what they are made of takes no more memory. */
function sink(method: Method, stages: Map<Node, number>): ReadonlyMap<Node, number> {
  const nodes = nodesOf(method);
  const users = new Map<Node, number>();
  for (const node of method.outputs.values()) users.set(node, rank.call);
  for (const node of nodes.toReversed()) {
    const stage = must(stages.get(node), 'every node has a stage');
    const used = users.get(node) ?? stage;
    const costs = node.operands.reduce(
      (sum, operand) => sum + (isSourceOf(operand) ? 0 : bytesOfResults(operand)),
      0,
    );
    if (used > stage && (isSourceOf(node) || (cheapOps.has(node.op) && costs <= bytesOfResults(node))))
      stages.set(node, used);
    const moved = must(stages.get(node), 'it has one');
    for (const operand of node.operands) users.set(operand, Math.min(users.get(operand) ?? moved, moved));
  }
  return stages;
}

/** Makes the part of a method that one stage computes; what came before it is read. */
function stagePart(
  method: Method,
  stage: StageName,
  stageOf: (node: Node) => number,
  handedOn: ReadonlyMap<Node, string>,
): Method {
  const b = new Builder();
  const made = new Map<Node, Node>();
  const valueOf = (node: Node): Node => {
    const known = made.get(node);
    if (known) return known;
    const variable = handedOn.get(node);
    const isBefore = stageOf(node) < rank[stage] && variable !== undefined;
    const value = isBefore ? b.read(variable, typeOf(node)) : copy(b, node, node.operands.map(valueOf));
    made.set(node, value);
    return value;
  };
  const own = [...handedOn].filter(([node]) => stageOf(node) === rank[stage]);
  const writes = new Map(own.map(([node, variable]) => [variable, valueOf(node)]));
  const outputs =
    stage === 'call' ? [...method.outputs].map(([key, node]) => [key, valueOf(node)] as const) : [];
  return { name: stageMethod(method.name, stage), outputs: new Map(outputs), writes };
}
