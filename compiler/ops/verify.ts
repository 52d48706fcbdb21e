/** Answers for the invariants of finished graphs, which passes must keep; a violation is a bug of the compiler. */
import { opTable } from './index.ts';
import { OpError, printAttrs, typeOf, type Node } from '../ir/node.ts';
import { isSource } from '../ir/print.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import { formatType, sameType, type TensorType } from '../ir/types.ts';
import { brokenInvariant } from '../../dsl/errors.ts';

/**
 * Checks a program: names are unique, every method is a well-typed graph, and reads and writes agree with the variables'
 * types. Throws a SpadeworkError that names the method and the node.
 */
export function verifyProgram(program: Program): void {
  requireUnique('variable', program.variables);
  requireUnique('method', program.methods);
  const variables = new Map([
    ...program.variables.map(({ name, type }) => [name, type] as const),
    ...(program.kept ?? []),
  ]);
  for (const method of program.methods) {
    verifyMethod(method);
    const agree = (use: string, name: string, type: TensorType): void => {
      const declared = variables.get(name);
      if (!declared || !sameType(declared, type))
        fail(
          method,
          `${use} of ${name} as ${formatType(type)}, declared ${declared ? formatType(declared) : 'nowhere'}`,
        );
    };
    for (const node of nodesOf(method))
      if (node.op === 'read') agree('read', String(node.attrs['name']), typeOf(node));
    for (const [name, node] of method.writes) agree('write', name, typeOf(node));
  }
}

/** Checks one method: operands come before users, types are what the ops infer, a name has one type. */
export function verifyMethod(method: Method): void {
  const ids = new Set<number>();
  const sources = new Map<string, TensorType>();
  for (const node of nodesOf(method)) {
    const refuse = (problem: string): never => fail(method, `${describe(node)}: ${problem}`);
    if (ids.has(node.id)) refuse('another node has its number; were two builders mixed?');
    ids.add(node.id);
    if (node.operands.some((operand) => operand.id >= node.id)) refuse('an operand comes after it');
    const inferred = inferAgain(node, refuse);
    const same =
      inferred.length === node.results.length &&
      inferred.every((type, index) => sameType(type, node.results[index]!));
    if (!same)
      refuse(
        `has type ${node.results.map(formatType).join(', ')}, infers ${inferred.map(formatType).join(', ')}`,
      );
    if (isSource(node.op)) {
      const key = `${node.op} ${String(node.attrs['name'])}`;
      const known = sources.get(key);
      if (known && !sameType(known, typeOf(node))) refuse(`is also used as ${formatType(known)}`);
      sources.set(key, typeOf(node));
    }
  }
  for (const [name, node] of [...method.outputs, ...method.writes])
    if (node.results.length !== 1) fail(method, `${name} is a node with ${node.results.length} results`);
}

function inferAgain(node: Node, refuse: (problem: string) => never): readonly TensorType[] {
  if (node.op === 'item') {
    const type = node.operands[0]?.results[Number(node.attrs['index'])];
    return type ? [type] : refuse('there is no such result');
  }
  const entry = opTable.get(node.op) ?? refuse('there is no such op');
  if (node.operands.some((operand) => operand.results.length !== 1)) refuse('an operand has several results');
  const inferred = entry.infer(node.operands.map(typeOf), node.attrs, (condition, constraint, found) => {
    if (!condition) refuse(new OpError(node.op, constraint, found ?? 'its operands').message);
  });
  return 'dtype' in inferred ? [inferred] : inferred;
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
  return `%${node.id} = ${[node.op, operands, printAttrs(node.attrs)].filter((part) => part !== '').join(' ')}`;
}

function fail(method: Method, problem: string): never {
  throw brokenInvariant(`method ${method.name}: ${problem}`);
}
