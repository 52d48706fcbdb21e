/** What the package gives as `spadework/browser`: models and paintings on any tfjs backend, with bytes that the page has fetched. */
export { SpadeworkError } from '../../dsl/errors.ts';
export {
  patchIndexer,
  type PatchIndexer,
  type PatchTable,
  type PatchTables,
} from '../../compiler/patches/tables.ts';
export type { PatchPlan } from '../../compiler/patches/plan.ts';
export type { Spec } from '../../compiler/format/types.ts';
export type { TensorFlow } from '../../compiler/ir/emitter.ts';
export type { ClassInfo } from '../data/class-info.ts';
export type * from '../model/types.ts';
export { splitSemantics } from '../model/semantics.ts';
export { colorize, type Picture } from '../report/pixels.ts';
export { runAndRead, type Session } from '../session/session.ts';
export { draw, imageOf, labelsByColor, labelsById, photoOf } from './images.ts';
export { openModel, openSession, type OpenModelOptions } from './model.ts';
export { openPainter, type MapToPaint, type Painter, type PainterOptions } from './painter.ts';
