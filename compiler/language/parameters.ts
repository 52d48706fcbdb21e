/** Finds the parameters of a block by name. */
import type { Block, Parameter } from '../../dsl/ast.ts';

const known = new WeakMap<Block, ReadonlyMap<string, Parameter>>();

/** Gives the parameters of a block by name; of repeated names the first. Computed once per block. */
export function parametersByName(block: Block): ReadonlyMap<string, Parameter> {
  const made = known.get(block);
  if (made) return made;
  const byName = new Map<string, Parameter>();
  for (const parameter of block.parameters)
    if (!byName.has(parameter.name.text)) byName.set(parameter.name.text, parameter);
  known.set(block, byName);
  return byName;
}
