/** What methods take in place of label maps: which patches of them, under which names. */
import type { PatchPlan } from './plan.ts';

/** What a program's methods are fed in place of label maps, and what it is made of. */
export interface PatchFeed {
  readonly plan: PatchPlan;
  /** Names the levels, by what they look at: the same in programs of other choices. */
  readonly keys: readonly string[];
  readonly maps: LabelMaps;
}

/** The label maps that a program is about. */
export interface LabelMaps {
  /** Names the input that holds label ids, and the one that holds edges. */
  readonly labels: string;
  readonly edges: string;
  /** How many pictures a method takes at once, and their size. */
  readonly pictures: number;
  readonly height: number;
  readonly width: number;
}
