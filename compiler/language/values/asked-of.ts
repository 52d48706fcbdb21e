/** Finds how a block uses a network that it takes as an argument: as an encoder, or as a discriminator. */
import { walk, type Block, type Call } from '../../../dsl/ast.ts';
import type { Module } from './module.ts';

export type Asked = 'encoding' | 'judge';

/** How many blocks a network is followed through. */
const depthLimit = 8;

/** Gives the role of the network in a block's parameter; undefined if it is neither. */
export function askedOf(block: Block, parameter: string, module: Module, depth = 0): Asked | undefined {
  let found: Asked | undefined;
  for (const statement of block.body)
    walk(statement, (node) => {
      if (node.kind === 'call') found ??= askedIn(node, parameter, module, depth);
    });
  return found;
}

function askedIn(call: Call, parameter: string, module: Module, depth: number): Asked | undefined {
  const at = call.arguments.findIndex(({ value }) => value.kind === 'reference' && value.name === parameter);
  const argument = call.arguments[at];
  if (!argument || call.callee.kind !== 'reference') return undefined;
  const { name } = call.callee;
  if (name === 'encoding' || name === 'judge') return name;
  const called = module.names.get(name);
  const inner = argument.name?.text ?? called?.block.parameters[at]?.name.text;
  return called && inner !== undefined && depth < depthLimit
    ? askedOf(called.block, inner, called.module, depth + 1)
    : undefined;
}
