/** Walks the nested containers of a pickle and lists its tensors by path, and objects found in place of tensors. */
import { costs, deepest, type Meter } from './limits.ts';
import { madeBy, nameAlone, tooDeep, twoTensors } from './messages.ts';
import { Dict, Named, Opaque, Tensor, type Pickled } from './python.ts';

/** The contents of a file, by path in nested containers: `state_dict.fc.weight`, `0.bias`. */
export interface Contents {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Objects that are not read, with the reason. */
  readonly unread: ReadonlyMap<string, string>;
}

/** The path of a tensor outside of any container. */
const outermost = 'tensor';

/** Lists the contents of a value. Throws TooLarge. */
export function contentsOf(root: Pickled, meter: Meter): Contents {
  const tensors = new Map<string, Tensor>();
  const unread = new Map<string, string>();
  const around = new Set<Pickled>();
  const note = (path: string, why: string): void => {
    // A path is charged before it is built, as it may be long.
    meter.build(costs.dictEntry + costs.textByte * path.length);
    tensors.delete(path);
    unread.set(path, why);
  };
  const visit = (value: Pickled, path: string): void => {
    if (value === null || typeof value !== 'object') return;
    meter.build(costs.visit);
    if (value instanceof Tensor) {
      const name = path || outermost;
      meter.build(costs.dictEntry + costs.textByte * name.length);
      if (tensors.has(name) || unread.has(name)) note(name, twoTensors);
      else tensors.set(name, value);
    } else if (value instanceof Named) note(path, nameAlone(value.name));
    else if (value instanceof Opaque && value.size === 0) note(path, madeBy(value.maker));
    else if (Array.isArray(value) || value instanceof Dict) {
      // A container that contains itself is visited once.
      if (around.has(value)) return;
      if (around.size === deepest) {
        note(path, tooDeep);
        return;
      }
      around.add(value);
      meter.build(costs.visitedValue * (Array.isArray(value) ? value.length : value.size));
      for (const [key, inner] of value.entries())
        if (typeof key === 'string' || typeof key === 'number')
          visit(inner, path === '' ? String(key) : `${path}.${key}`);
      around.delete(value);
    }
  };
  visit(root, '');
  return { tensors, unread };
}
