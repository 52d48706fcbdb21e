/** The builder of graphs of all ops. */
import { builderOf } from '../ir/methods.ts';
import { ops } from './index.ts';
import { constant } from './primitive/sources.ts';

export const GraphBuilder = builderOf(ops, constant);
