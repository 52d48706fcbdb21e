/** Defines the requests to a decoding thread, and its replies. */
import type { PatchPlan } from '../../compiler/patches/plan.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import type { Size } from './maps.ts';
import type { Pair } from './pair.ts';
import type { Examined, Outcome } from './sample.ts';
import type { SampleSurvey } from './survey-sample.ts';

/** A request to decode, examine or survey one sample, or to find the patches of label maps. */
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

/** The answer to a question. */
export type Answer =
  Outcome | ExaminedSample | { readonly survey: SampleSurvey } | { readonly patches: PatchTables };

export type Request = Question & { readonly ticket: number };

/** The reply to a request; `failure` is a fault of the machine or a bug, not a user's mistake. */
export type Reply = { readonly ticket: number } & (
  | { readonly answer: Answer }
  | { readonly failure: { readonly message: string; readonly code: string | undefined } }
);

/** The result of examining a sample, with a digest of its photo's bytes if they could be read. */
export type ExaminedSample = Pick<Examined, 'findings' | 'sample'> & {
  readonly photoDigest: string | undefined;
};
