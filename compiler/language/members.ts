/** Defines the members of values (`x.channels`): shape queries, fields of records, and the parts of label maps. */
import type { Recorder } from './values/recorder.ts';
import { innerShape, integer, isIdMap, listOf, none, unknown, type Value } from './values/values.ts';

/** Computes a member when it is read: some members record nodes. */
export type Member = () => Value;

/** Members of label maps that tensors do not have. */
export const labelMapParts: ReadonlySet<string> = new Set([
  'classes',
  'one_hot',
  'ids',
  'edges',
  'instances',
]);

/** Lists the members of a value by name; label maps become channels in `recorder`. */
export function membersOf(value: Value, recorder: Recorder | undefined): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  const add = (name: string, member: Value): void => void members.set(name, () => member);
  const picture = (height: number, width: number): void => {
    add('height', integer(height));
    add('width', integer(width));
    add('size', { kind: 'size', width, height });
  };
  switch (value.kind) {
    case 'tensor': {
      const shape = innerShape(value);
      const isMap = isIdMap(value);
      if (isMap || (value.batched && shape.length === 3)) picture(shape[0]!, shape[1]!);
      if (value.batched && shape.length > 0 && !isMap) add('channels', integer(shape[shape.length - 1]!));
      add('rank', integer(shape.length));
      add('shape', listOf(shape.map(integer)));
      return members;
    }
    case 'labels': {
      const [height, width] = innerShape(value.ids);
      picture(height!, width!);
      add('classes', integer(value.classes));
      add('channels', integer(value.classes + (value.edges ? 1 : 0)));
      members.set('one_hot', () => recorder?.oneHot(value) ?? unknown);
      add('ids', value.ids);
      add('edges', value.edges ?? none);
      add('instances', value.instances ?? none);
      return members;
    }
    case 'size':
      add('width', integer(value.width));
      add('height', integer(value.height));
      return members;
    case 'list': {
      add('length', integer(value.items.length));
      const [first, last] = [value.items[0], value.items[value.items.length - 1]];
      if (first) add('first', first);
      if (last) add('last', last);
      return members;
    }
    case 'record':
      for (const [name, field] of value.fields) add(name, field);
      return members;
    default:
      return members;
  }
}
