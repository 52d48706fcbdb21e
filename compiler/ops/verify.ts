/** The invariants of finished graphs, which passes must keep; a violation is a bug of the compiler. */
import { brokenInvariant } from '../../dsl/errors.ts';
import { inferTypes } from '../ir/builder.ts';
import { item, read } from '../ir/sources.ts';
import { OpError, printAttrs, typeOf, type Leaves, type Node } from '../ir/node.ts';
import { is } from '../ir/op.ts';
import { orderedType } from '../ir/layout.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import { formatType, sameType, type TensorType } from '../ir/types.ts';

/**
 * Checks a program: names are unique, every method is a well-typed graph, and reads and writes agree with the variables'
 * types. Throws a SpadeworkError that names the method and the node, and the stage after which they are checked, if it is one.
 */
export function verifyProgram(program: Program, stage?: string): void {
  requireUnique('variable', program.variables);
  requireUnique('method', program.methods);
  const variables = new Map([
    ...program.variables.map(({ name, type }) => [name, keptType(program, name, type)] as const),
    ...(program.kept ?? []),
  ]);
  for (const method of program.methods) {
    verifyMethod(method, { stage });
    const agree = (use: string, name: string, type: TensorType): void => {
      const declared = variables.get(name);
      if (!declared || !sameType(declared, type))
        fail(
          method,
          stage,
          `${use} of ${name} as ${formatType(type)}, declared ${declared ? formatType(declared) : 'nowhere'}`,
        );
    };
    for (const node of nodesOf(method)) if (is(read, node)) agree('read', node.attrs.name, typeOf(node));
    for (const [name, node] of method.writes) agree('write', name, typeOf(node));
  }
}

/** What is checked of a method. */
export interface VerifyOptions {
  /** The stage of compilation after which it is checked, for messages. */
  readonly stage?: string | undefined;
  /** Nodes where it begins: what they are computed from is not looked at. */
  readonly leaves?: Leaves | undefined;
}

/** Checks one method: operands come before users, types are what the ops infer, a name has one type. */
export function verifyMethod(method: Method, { stage, leaves }: VerifyOptions = {}): void {
  const ids = new Set<number>();
  const sources = new Map<string, TensorType>();
  for (const node of nodesOf(method, leaves)) {
    const refuse = (problem: string): never => fail(method, stage, `${describe(node)}: ${problem}`);
    if (ids.has(node.id)) refuse('another node has its number; were two builders mixed?');
    ids.add(node.id);
    if (leaves?.has(node)) continue;
    if (node.operands.some((operand) => operand.id >= node.id)) refuse('an operand comes after it');
    if (!wellTyped.has(node)) verifyType(node, refuse);
    wellTyped.add(node);
    if (node.op.traits.isSource) {
      const key = `${node.op.name} ${String(node.attrs['name'])}`;
      const known = sources.get(key);
      if (known && !sameType(known, typeOf(node))) refuse(`is also used as ${formatType(known)}`);
      sources.set(key, typeOf(node));
    }
  }
  for (const [name, node] of [...method.outputs, ...method.writes])
    if (node.results.length !== 1)
      fail(method, stage, `${name} is a node with ${node.results.length} results`);
}

/** Nodes whose types were found to be right. They never change, so that stages of one builder are cheap to check one after another. */
const wellTyped = new WeakSet<Node>();

function verifyType(node: Node, refuse: (problem: string) => never): void {
  const inferred = inferAgain(node, refuse);
  const isSame =
    inferred.length === node.results.length &&
    inferred.every((type, index) => sameType(type, node.results[index]!));
  if (!isSame)
    refuse(
      `has type ${node.results.map(formatType).join(', ')}, infers ${inferred.map(formatType).join(', ')}`,
    );
}

/** Checks that a method still gives and writes what it did, as one of `after`: the same names, and outputs of the same types. */
export function verifyInterface(
  before: Method,
  after: readonly Method[],
  stage: string,
  { writes }: { readonly writes: boolean },
): void {
  const now = after.find(({ name }) => name === before.name);
  if (!now) return fail(before, stage, 'it is gone');
  const requireSame = (what: string, were: Method['outputs'], are: Method['outputs']): void => {
    for (const [name, node] of were) {
      const given = are.get(name);
      if (!given) fail(before, stage, `${what} ${name} is gone`);
      else if (!sameType(typeOf(given), typeOf(node)))
        fail(
          before,
          stage,
          `${what} ${name} is ${formatType(typeOf(given))}, was ${formatType(typeOf(node))}`,
        );
    }
  };
  requireSame('output', before.outputs, now.outputs);
  if (writes) requireSame('write', before.writes, now.writes);
  const [was, is] = [before, now].map(({ outputs, writes }) => [...outputs.keys(), ...writes.keys()].join());
  if (was !== is) fail(before, stage, `it gives and writes ${is}, did ${was}`);
}

/** Gives the type with which methods read and write a variable: its axes are in the order in which it is kept. */
function keptType({ layouts }: Program, name: string, type: TensorType): TensorType {
  const order = layouts?.get(name);
  return order ? orderedType(type, order) : type;
}

function inferAgain(node: Node, refuse: (problem: string) => never): readonly TensorType[] {
  if (is(item, node)) {
    const type = node.operands[0].results[node.attrs.index];
    return type ? [type] : refuse('there is no such result');
  }
  if (node.operands.some((operand) => operand.results.length !== 1)) refuse('an operand has several results');
  return inferTypes(node.op, node.operands.map(typeOf), node.attrs, (condition, constraint, found) => {
    if (!condition) refuse(new OpError(node.op.name, constraint, found ?? 'its operands').message);
  });
}

function requireUnique(what: string, named: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of named) {
    if (names.has(name)) throw brokenInvariant(`two ${what}s are called '${name}'`);
    names.add(name);
  }
}

function describe(node: Node): string {
  const operands = node.operands.map((operand) => `%${operand.id}`).join(', ');
  return `%${node.id} = ${[node.op.name, operands, printAttrs(node.attrs)].filter((part) => part !== '').join(' ')}`;
}

function fail({ name }: Method, stage: string | undefined, problem: string): never {
  throw brokenInvariant(`method ${name}${stage === undefined ? '' : ` after ${stage}`}: ${problem}`);
}
