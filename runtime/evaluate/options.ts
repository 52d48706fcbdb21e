/** What an evaluation is asked: the run, what it looks through, and on which pictures. */
import type { EngineRequest } from '../engine/choose.ts';

/** A network to look through, with its weights. */
export interface JudgeOptions {
  /** One of the package, a .json file that declares one, or a .spade file with one network. */
  readonly network: string;
  /** A file of safetensors or PyTorch. */
  readonly weights: string;
}

export interface PerceptualOptions extends JudgeOptions {
  /** A file with a weight for each channel of the layers, as LPIPS has them; without it all count alike. */
  readonly linear?: string | undefined;
}

export interface EvaluateOptions {
  /** The folder of the run. */
  readonly run: string;
  /** The last checkpoint without it. */
  readonly checkpoint?: 'last' | 'best' | number | undefined;
  /** The folder of a run that trained a segmenter: gives the metrics of classes, with their ceiling. */
  readonly segmenter?: string | undefined;
  /** Gives the metrics of features. */
  readonly features?: JudgeOptions | undefined;
  /** Gives the metrics of layers, and of styles through them. */
  readonly perceptual?: PerceptualOptions | undefined;
  /** Pictures painted for each map, each with noise or a code of its own; 1 without it. */
  readonly styles?: number | undefined;
  /** What noise and codes of paintings, and random subsets of estimates, are drawn from; 0 without it, whatever the run was trained with. */
  readonly seed?: number | undefined;
  /** The classes that count nowhere; without it those that the data call void. */
  readonly void?: readonly number[] | undefined;
  /** Takes the first maps only. */
  readonly limit?: number | undefined;
  /** Folders in place of the data's held-out ones. */
  readonly maps?: string | undefined;
  readonly images?: string | undefined;
  readonly instances?: string | undefined;
  /** Where features of the photographs are kept; beside the run without it. */
  readonly cache?: string | undefined;
  /** Evaluates anew what was evaluated before. */
  readonly again?: boolean | undefined;
  readonly engine?: EngineRequest | undefined;
  readonly log?: (line: string) => void;
  /** Is called before the first map of each part of the work, and after some. */
  readonly progressed?: (part: 'painted' | 'measured', done: number, total: number) => void;
}
