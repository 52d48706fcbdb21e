/** What rules of forms work with: the builder, the levels, and how values are held so far. */
import type { Builder, Node } from '../../ir/node.ts';
import type { Form } from './forms.ts';
import type { LevelPlanner } from './levels.ts';

export interface Tables {
  readonly b: Builder;
  readonly levels: LevelPlanner;
  /** How a value of the old graph is held, if it is not pixels. */
  formOf(node: Node): Form | undefined;
  /** The value in the new graph that has the same pixels as `node` in the old one. */
  asPixels(node: Node): Node;
}
