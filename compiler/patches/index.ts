/** Answers for what the rest of the program may use of the patches of label maps. */
export {
  OUTSIDE,
  PlanBuilder,
  levelSizes,
  nearestGrid,
  planPatches,
  sizeBehind,
  squareWindow,
} from './plan.ts';
export type { Grid, PatchChain, PatchLevel, PatchPlan, PatchWindow, WindowAxis } from './plan.ts';
export { patchIndexer } from './tables.ts';
export type { EdgeBits, LabelIds, PatchIndexer, PatchTable, PatchTables } from './tables.ts';
export { repeatPatches, unitePatches } from './unite.ts';
