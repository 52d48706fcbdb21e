/** What is asked of a decoding thread, and what it answers. */
import type { PatchPlan } from '../../compiler/patches/plan.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import type { Size } from './decode.ts';
import type { Pair } from './pair.ts';
import type { Examined, Outcome } from './sample.ts';
import type { SampleSurvey } from './survey-sample.ts';

/** Asks for one sample, for a close look at it, for what is to know of it, or for the patches of label maps. */
export type Question =
  | { readonly kind: 'decode'; readonly pair: Pair; readonly size: Size }
  | { readonly kind: 'examine'; readonly pair: Pair; readonly size: Size | undefined }
  | { readonly kind: 'survey'; readonly pair: Pair; readonly size: Size; readonly stored: Size }
  | {
      readonly kind: 'patches';
      readonly plan: PatchPlan;
      readonly labels: Int32Array;
      readonly edges: Float32Array | undefined;
    };

/** What a question is answered with. */
export type Answer =
  Outcome | ExaminedSample | { readonly survey: SampleSurvey } | { readonly patches: PatchTables };

export type Request = Question & { readonly ticket: number };

/** Answers a request; `failure` is what the machine lacks or a broken invariant, not a user's mistake. */
export type Reply = { readonly ticket: number } & (
  | { readonly answer: Answer }
  | { readonly failure: { readonly message: string; readonly code: string | undefined } }
);

/** What a close look at a sample shows, with a digest of its photo's bytes where these could be read. */
export type ExaminedSample = Pick<Examined, 'findings' | 'sample'> & {
  readonly photoDigest: string | undefined;
};
