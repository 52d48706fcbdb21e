/**
 * Splits a method that is called again and again into stages by what its values depend on, so that each is computed only when something
 * that it depends on has changed. What a stage hands on is kept in variables.
 *
 *     method m                           method m/weights                  once after weights were set
 *     a = f(read w)                      write "m/kept_0" = f(read w)
 *     b = g(a, input "labels")           method m/map                      once for each label map
 *     output y = h(b, input "z")    ->   write "m/kept_1" = g(read "m/kept_0", input "labels")
 *                                        method m                          at each call
 *                                        output y = h(read "m/kept_1", input "z")
 *
 * It acts on the method that is named, which must not write; stages that compute nothing are left out. A cheap op moves to the stage
 * that uses it where handing on its operands takes no more memory than its result: rows are handed on rather than the pixels made of them.
 */
import { input } from '../ir/sources.ts';
import { is } from '../ir/op.ts';
import { brokenInvariant, must } from '../../dsl/errors.ts';
import { GraphBuilder } from '../ops/builder.ts';
import { bytesOfResults, typeOf, type Node } from '../ir/node.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';
import type { MemoryLimits } from '../ir/target.ts';

import { partOfInput } from './deduplicate-patches/inputs.ts';
import type { ProgramPass, StagedMethod } from './pass.ts';

export const partitionByDependency: ProgramPass = {
  name: 'partition-by-dependency',
  level: 'program',
  run: (program, { staged, target }) => (staged ? partitioned(program, staged, target.memory) : program),
};

/** The stages of a method, in the order in which they are called; those that compute nothing are left out. */
const stageNames = ['weights', 'map', 'call'] as const;
type StageName = (typeof stageNames)[number];

/** Names a stage of a method. */
export function stageMethod(method: string, stage: StageName): string {
  return stage === 'call' ? method : `${method}/${stage}`;
}

const rank: Readonly<Record<StageName, number>> = { weights: 0, map: 1, call: 2 };

const comesFromOutside = ({ op }: Node): boolean => op.traits.isSource === true;

/** Gives the program with the stages in the method's place, and with the variables between them. */
function partitioned(
  program: Program,
  { method: name, isMap }: StagedMethod,
  { rowsOfTable }: MemoryLimits,
): Program {
  const method = must(
    program.methods.find((one) => one.name === name),
    `the program has a method ${name}`,
  );
  if (method.writes.size > 0)
    throw brokenInvariant(`method ${name} writes variables, so no call may be left out`);
  const stages = withCheapOpsLater(
    method,
    earliestStages(method, (input) => isMap(input) || partOfInput(input) !== undefined),
    (node) => bytesOfResults(node, rowsOfTable),
  );
  const stageOf = (node: Node): number => must(stages.get(node), `%${node.id} (${node.op.name}) has a stage`);
  const handedOn = valuesHandedOn(method, stageOf);
  const made = stageNames.map((stage) => stagePart(method, stage, stageOf, handedOn));
  return {
    ...program,
    kept: new Map([
      ...(program.kept ?? []),
      ...[...handedOn].map(([node, variable]) => [variable, typeOf(node)] as const),
    ]),
    methods: [
      ...program.methods.filter((one) => one !== method),
      ...made.filter(({ outputs, writes }) => outputs.size + writes.size > 0),
    ],
  };
}

/** Names the values that a later stage, or the caller, needs of an earlier one. */
function valuesHandedOn(method: Method, stageOf: (node: Node) => number): ReadonlyMap<Node, string> {
  const handedOn = new Map<Node, string>();
  const handOn = (node: Node): void => {
    if (!comesFromOutside(node) && !handedOn.has(node))
      handedOn.set(node, `${method.name}/kept_${handedOn.size}`);
  };
  for (const node of nodesOf(method))
    for (const operand of node.operands) if (stageOf(operand) < stageOf(node)) handOn(operand);
  for (const node of method.outputs.values()) if (stageOf(node) < rank.call) handOn(node);
  return handedOn;
}

/** Finds the first stage at which each node can be computed. */
function earliestStages(method: Method, isMap: (input: string) => boolean): Map<Node, number> {
  const stages = new Map<Node, number>();
  for (const node of nodesOf(method)) {
    const own = is(input, node) ? (isMap(node.attrs.name) ? rank.map : rank.call) : rank.weights;
    const ofOperands = node.operands.map((operand) =>
      must(stages.get(operand), `operands of ${node.op.name} come before it`),
    );
    stages.set(node, Math.max(own, ...ofOperands));
  }
  return stages;
}

/** Moves cheap nodes to the stage that uses them, where handing on what they are made of takes no more memory. */
function withCheapOpsLater(
  method: Method,
  stages: Map<Node, number>,
  bytesOf: (node: Node) => number,
): ReadonlyMap<Node, number> {
  const users = new Map<Node, number>();
  for (const node of method.outputs.values()) users.set(node, rank.call);
  for (const node of nodesOf(method).toReversed()) {
    const stage = must(stages.get(node), `%${node.id} (${node.op.name}) has a stage`);
    const used = users.get(node) ?? stage;
    const costs = node.operands.reduce(
      (sum, operand) => sum + (comesFromOutside(operand) ? 0 : bytesOf(operand)),
      0,
    );
    const isCheap = node.op.traits.isCheap === true && costs <= bytesOf(node);
    const moved = used > stage && (comesFromOutside(node) || isCheap) ? used : stage;
    stages.set(node, moved);
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
  const b = new GraphBuilder();
  const made = new Map<Node, Node>();
  // From results backwards, since a stage makes only what it needs.
  const valueOf = (node: Node): Node => {
    const known = made.get(node);
    if (known) return known;
    const variable = handedOn.get(node);
    const isBefore = stageOf(node) < rank[stage] && variable !== undefined;
    const value = isBefore
      ? b.read({ name: variable, ...typeOf(node) })
      : copy(b, node, node.operands.map(valueOf));
    made.set(node, value);
    return value;
  };
  const own = [...handedOn].filter(([node]) => stageOf(node) === rank[stage]);
  const writes = new Map(own.map(([node, variable]) => [variable, valueOf(node)]));
  const outputs =
    stage === 'call' ? [...method.outputs].map(([key, node]) => [key, valueOf(node)] as const) : [];
  return { name: stageMethod(method.name, stage), outputs: new Map(outputs), writes };
}
