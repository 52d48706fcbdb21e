/** Defines the options of an evaluation: the run, the networks of metrics, and the pictures. */
import type { EngineRequest } from '../engine/choose.ts';

/** A network of a metric, with its weights. */
export interface JudgeOptions {
  /** A name in the package, a .json file with a declaration, or a .spade file with one network. */
  readonly network: string;
  /** A safetensors or PyTorch file. */
  readonly weights: string;
}

export interface PerceptualOptions extends JudgeOptions {
  /** A file with channel weights of the compared layers, as in LPIPS; by default all channels count equally. */
  readonly linear?: string | undefined;
}

export interface EvaluateOptions {
  /** The folder of the run. */
  readonly run: string;
  /** The checkpoint; by default the last one. */
  readonly checkpoint?: 'last' | 'best' | number | undefined;
  /** The folder of a run that trained a segmenter: enables class metrics, with their ceiling. */
  readonly segmenter?: string | undefined;
  /** Enables feature metrics. */
  readonly features?: JudgeOptions | undefined;
  /** Enables layer metrics, and style metrics through layers. */
  readonly perceptual?: PerceptualOptions | undefined;
  /** Pictures generated per map, each with its own noise or code; 1 by default. */
  readonly styles?: number | undefined;
  /** The seed of noise, codes, and random subsets of estimates; 0 by default, whatever the run's seed. */
  readonly seed?: number | undefined;
  /** The void classes; by default those of the data. */
  readonly void?: readonly number[] | undefined;
  /** Uses only the first maps. */
  readonly limit?: number | undefined;
  /** Folders that replace the held-out ones of the data. */
  readonly maps?: string | undefined;
  readonly images?: string | undefined;
  readonly instances?: string | undefined;
  /** The cache of photograph features; by default beside the run. */
  readonly cache?: string | undefined;
  /** Evaluates again, even if there is a record. */
  readonly again?: boolean | undefined;
  readonly engine?: EngineRequest | undefined;
  readonly log?: (line: string) => void;
  /** Called before the first map of each part of the work, and after some maps. */
  readonly progressed?: (part: 'painted' | 'measured', done: number, total: number) => void;
}
