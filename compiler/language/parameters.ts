/** Answers for finding the parameters of a block by their names. */
import type { Block, Parameter } from '../../dsl/ast.ts';

const known = new WeakMap<Block, ReadonlyMap<string, Parameter>>();

/** Gives the parameters of a block by name; of two with one name the first. Made once for each block. */
export function parametersByName(block: Block): ReadonlyMap<string, Parameter> {
  const made = known.get(block);
  if (made) return made;
  const byName = new Map<string, Parameter>();
  for (const parameter of block.parameters)
    if (!byName.has(parameter.name.text)) byName.set(parameter.name.text, parameter);
  known.set(block, byName);
  return byName;
}
